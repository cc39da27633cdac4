import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { systemCode } from './system-code.ts';

/** What is at a path; undefined when nothing is. */
export async function findFile(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
