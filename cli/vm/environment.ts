import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { BangerError } from '#kit/errors.ts';
import type { Input, Option } from '../command.ts';
import type { Context } from '../context.ts';
import { optionTexts } from '../input.ts';
import { UsageError } from '../output/error.ts';

/** How a command in a guest is run: for run and exec alike. */
export const COMMAND_OPTIONS: readonly Option[] = [
  {
    spelling: '-e, --env <NAME=value>',
    description: 'set in the command; NAME alone takes the value it has here; may be repeated',
    repeats: true,
  },
  {
    spelling: '--env-file <file>',
    description: 'lines of NAME=value, comments after "#"; may be repeated',
    repeats: true,
    completes: 'path',
  },
  { spelling: '-w, --workdir <folder>', description: 'folder of the guest to run in' },
  { spelling: '-u, --user <user>', description: 'user of the guest, or user:group' },
];

/** The files first, then the single settings, which win. */
export function readEnvironment(context: Context, input: Input, command: string): string[] {
  const files = optionTexts(input, 'envFile').flatMap((file) => readFile(context, file));
  const own = optionTexts(input, 'env').flatMap((entry) => {
    if (!isEntry(entry)) throw new UsageError(`--env takes NAME=value, not "${entry}"`, command);
    return complete(context, entry);
  });
  return [...files, ...own];
}

/** Values are taken as they stand, quotes too, as docker does it: no shell reads this file. */
function readFile(context: Context, file: string): string[] {
  const lines = textOf(resolve(context.cwd, file), file).split(/\r?\n/);
  return lines.flatMap((line, index) => {
    const entry = line.trimStart();
    if (entry === '' || entry.startsWith('#')) return [];
    if (isEntry(entry)) return complete(context, entry);
    throw new BangerError('INVALID_FIELD', `${file}:${index + 1}: "${entry}" is not NAME=value`);
  });
}

function textOf(path: string, file: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new BangerError('INVALID_FIELD', `--env-file "${file}" cannot be read: ${why}`, {
      cause,
    });
  }
}

function isEntry(entry: string): boolean {
  return /^[^\s=]+(?:=|$)/.test(entry) && !entry.includes('\0');
}

/** A name that is not set here is not set there. */
function complete({ env }: Context, entry: string): string[] {
  if (entry.includes('=')) return [entry];
  const value = env[entry];
  return value === undefined ? [] : [`${entry}=${value}`];
}
