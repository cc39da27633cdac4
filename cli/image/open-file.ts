import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { BangerError } from '#kit/errors.ts';
import type { Context } from '../context.ts';

/** A file of the user's, or standard input for "-". One that cannot be read is told before anything is asked for. */
export async function openFile({ stdin }: Context, path: string): Promise<AsyncIterable<Buffer>> {
  if (path === '-') return stdin;
  try {
    await using file = await open(path, 'r');
    if (!(await file.stat()).isDirectory()) return createReadStream(path);
  } catch (cause) {
    throw new BangerError('INVALID_FIELD', `"${path}" cannot be read`, { cause });
  }
  throw new BangerError('INVALID_FIELD', `"${path}" is a folder; name a file, or - for a pipe`);
}
