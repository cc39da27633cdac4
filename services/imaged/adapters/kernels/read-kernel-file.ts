import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { printableName } from '#kit/names.ts';
import { formatSize } from '#kit/size.ts';
import { corrupt, locate } from '../../domain/corrupt.ts';

/** Twice what one with all of its debugging information has; it is read as a whole. */
const LIMIT_BYTES = 2 ** 30;

/** Reads something out of a file that a stranger may have made; what is wrong with it names the file. */
export async function readKernelFile<Found>(
  path: string,
  read: (bytes: Buffer) => Found | Promise<Found>,
  limitBytes = LIMIT_BYTES,
): Promise<Found> {
  const file = printableName(basename(path));
  try {
    return await read(await readWhole(path, limitBytes));
  } catch (error) {
    throw locate(error, `kernel file "${file}"`, { file });
  }
}

async function readWhole(path: string, limitBytes: number): Promise<Buffer> {
  await using file = await open(path);
  const { size } = await file.stat();
  if (size <= limitBytes) return await file.readFile();
  throw corrupt(`has ${size} bytes; more than ${formatSize(limitBytes)} are not read`);
}
