import { readdir, readlink } from 'node:fs/promises';

/** Processes that work in a folder, also in one that is gone by now; imaged itself works in none. */
export async function toolsIn(folder: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const places = await Promise.all(
    // One that ended meanwhile works nowhere.
    pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => '')),
  );
  return pids.filter((_, index) => places[index]?.startsWith(`${folder}/`));
}
