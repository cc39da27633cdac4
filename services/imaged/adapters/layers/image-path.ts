import { corrupt } from '../../domain/corrupt.ts';
import type { Limits } from './limits.ts';

/** Linux's NAME_MAX, and what a directory entry of ext4 can hold. */
const LONGEST_NAME = 255;

/**
 * The names on the way from the root to an entry; none for the root itself. An absolute path counts
 * from the image's root, as every tool has it; a path that climbs is refused, even if it comes back.
 */
export function parseImagePath(path: string, limits: Limits): string[] {
  if (path.length > limits.pathBytes) throw tooLong('path', path.length, limits.pathBytes);
  if (path.includes('\0')) throw corrupt('has a NUL in its path');
  const names: string[] = [];
  for (const name of path.split('/')) {
    if (name === '' || name === '.') continue;
    if (name === '..') throw corrupt('leaves the image by ".."');
    if (name.length > LONGEST_NAME) throw tooLong('name', name.length, LONGEST_NAME);
    names.push(name);
  }
  if (names.length > limits.pathDepth) {
    throw corrupt(`is ${names.length} folders deep, more than ${limits.pathDepth}`);
  }
  return names;
}

function tooLong(what: string, bytes: number, limit: number): Error {
  return corrupt(`has a ${what} of ${bytes} bytes, more than ${limit}`);
}
