import { open, stat } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { BangerError } from '#kit/errors.ts';
import { runStreaming } from '#kit/exec.ts';
import type { Context } from '../context.ts';
import { openFile } from './open-file.ts';

const PACK_TIMEOUT_MS = 60 * 60_000;
const ELF = '7f454c46';
/** "HdrS", where a bzImage has it (Documentation/arch/x86/boot.rst). */
const BZIMAGE = { offset: 0x202, magic: 'HdrS' };

/** A kernel of the user's as the service takes it: an archive stays what it is, all else travels as one. */
export async function openKernel(context: Context, path: string): Promise<AsyncIterable<Buffer>> {
  if (path === '-') return context.stdin;
  const found = await stat(path).catch((cause: unknown) => {
    throw new BangerError('INVALID_FIELD', `"${path}" cannot be read`, { cause });
  });
  // What is built in a source tree lies beside a million other files.
  if (found.isDirectory()) return pack(context, ['-C', path, '--', ...(await partsOf(path))]);
  if (!(await isKernel(path))) return openFile(context, path);
  const asVmlinux = ['--dereference', '--transform', 's|.*|vmlinux|'];
  return pack(context, ['-C', dirname(resolve(path)), ...asVmlinux, '--', basename(path)]);
}

async function partsOf(folder: string): Promise<string[]> {
  const parts = ['vmlinux', 'vmlinuz', 'lib/modules'];
  const found = await Promise.all(
    parts.map((part) =>
      stat(resolve(folder, part)).then(
        () => [part],
        () => [],
      ),
    ),
  );
  const present = found.flat();
  if (present.some((part) => part.startsWith('vmlinu'))) return present;
  throw new BangerError('INVALID_FIELD', `"${folder}" has neither "vmlinux" nor "vmlinuz" in it`);
}

function pack({ signal }: Context, args: readonly string[]): AsyncIterable<Buffer> {
  return runStreaming('tar', ['-cf', '-', ...args], { signal, timeoutMs: PACK_TIMEOUT_MS });
}

async function isKernel(path: string): Promise<boolean> {
  await using file = await open(path, 'r');
  const { buffer } = await file.read(Buffer.alloc(BZIMAGE.offset + 4), 0, BZIMAGE.offset + 4, 0);
  const magic = buffer.toString('latin1', BZIMAGE.offset, BZIMAGE.offset + 4);
  return buffer.toString('hex', 0, 4) === ELF || magic === BZIMAGE.magic;
}
