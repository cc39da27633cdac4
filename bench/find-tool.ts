import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Where a program is on the PATH, if it is there. */
export function findTool(name: string, path = process.env.PATH ?? ''): string | undefined {
  const folders = path.split(':').filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
}
