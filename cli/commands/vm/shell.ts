import type { Command } from '../../command.ts';
import { argumentText, optionText } from '../../input.ts';
import { runInGuest } from '../../vm/exec-session.ts';

/** The user's own shell where the image has one that is listed, else whatever sh is. */
const LOGIN_SHELL = [
  '/bin/sh',
  '-c',
  'if command -v bash >/dev/null; then exec bash -l; else exec sh -l; fi',
];

export const shell: Command = {
  description: 'Opens a shell in a running virtual machine.',
  arguments: [
    { spelling: '<vm>', description: 'name, id, or the beginning of an id', completes: 'vm' },
  ],
  options: [{ spelling: '-u, --user <user>', description: 'user of the guest' }],
  examples: [{ line: 'banger vm shell web', shows: 'until you exit; the machine runs on' }],
  async run(context, input) {
    const { code } = await runInGuest(context, {
      vm: argumentText(input, 0) ?? '',
      arguments: [...LOGIN_SHELL],
      user: optionText(input, 'user') ?? '',
    });
    return code;
  },
};
