/** The shell of a person: bash where the image has it, else whatever sh is. */
export const LOGIN_SHELL = [
  '/bin/sh',
  '-c',
  'if command -v bash >/dev/null; then exec bash -l; else exec sh -l; fi',
] as const;
