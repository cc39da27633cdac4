import { matchesGlob } from 'node:path';
import { findImports } from './imports.ts';
import { sourcesOf, type Tree, type Violation } from './tree.ts';

const SPAWNERS = ['execa', 'node:child_process', 'child_process'];

const ALLOWED = ['kit/exec.ts', '{bench,test}/**', 'guest/build*', '**/*.test.ts', '**/testing/**'];

/** Processes are started in one place, where no shell, no lost exit status and no orphan can creep in. */
export function checkSpawning(tree: Tree): Violation[] {
  const held = sourcesOf(tree).filter((file) => !ALLOWED.some((glob) => matchesGlob(file, glob)));
  return held.flatMap((file) =>
    findImports(file, tree.read(file))
      .filter(({ specifier }) => SPAWNERS.includes(specifier))
      .map(({ specifier, line }) => `${file}:${line}: "${specifier}" is for kit/exec.ts only`),
  );
}
