import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { readTree, type Tree, type Violation } from './tree.ts';

const execute = promisify(execFile);

/** Generates everything that proto/gen holds into another folder. Needs no network. */
export async function generateCode(root: string, folder: string): Promise<Tree> {
  const buf = join(root, 'node_modules/.bin/buf');
  await execute(buf, ['generate', '--output', folder], { cwd: root });
  const set = join(folder, 'proto/gen/api.binpb');
  await execute(buf, ['build', '--as-file-descriptor-set', '-o', set], { cwd: root });
  return readTree(join(folder, 'proto/gen'), 'latin1');
}

/** Compares what is committed with what the contracts generate now. */
export function compareTrees(committed: Tree, fresh: Tree): Violation[] {
  const paths = [...new Set([...committed.paths, ...fresh.paths])].sort();
  return paths.flatMap((path) => {
    if (!fresh.has(path)) return [`proto/gen/${path}: no contract generates it`];
    if (!committed.has(path)) return [`proto/gen/${path}: is missing; run: npm run gen`];
    if (committed.read(path) === fresh.read(path)) return [];
    return [`proto/gen/${path}: is out of date; run: npm run gen`];
  });
}
