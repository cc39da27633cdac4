import { matchesGlob } from 'node:path';
import type { Tree, Violation } from './tree.ts';

/** The first row that holds a file is its limit. Generated code is nobody's reading. */
const LIMITS: readonly { files: string; lines: number }[] = [
  { files: 'proto/**', lines: Number.POSITIVE_INFINITY },
  { files: 'services/*/main.ts', lines: 80 },
  { files: '**/*.{ts,c,h,py,sh}', lines: 300 },
  { files: '{banger,test/run}', lines: 300 },
  { files: 'README.md', lines: 150 },
  { files: 'ARCHITECTURE.md', lines: 250 },
];

export function checkFileSizes(tree: Tree): Violation[] {
  return tree.paths.flatMap((path) => {
    const limit = LIMITS.find(({ files }) => matchesGlob(path, files))?.lines;
    if (limit === undefined || limit === Number.POSITIVE_INFINITY) return [];
    const lines = tree.read(path).trimEnd().split('\n').length;
    return lines > limit ? [`${path}: has ${lines} lines and may have ${limit}`] : [];
  });
}
