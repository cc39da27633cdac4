import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The files of the project, as the rules see them. Paths are relative to the top and use "/". */
export type Tree = {
  readonly paths: readonly string[];
  read(path: string): string;
  has(path: string): boolean;
};

/** One sentence that names the file, and the line where there is one. */
export type Violation = string;

const NOT_OURS = ['.git', 'node_modules', 'dist'];

/** Reads as latin1 where the bytes matter and not the text. */
export function readTree(root: string, encoding: 'utf8' | 'latin1' = 'utf8'): Tree {
  return {
    ...listing([...filesBelow(root, '')].sort()),
    read: (path) => readFileSync(join(root, path), encoding),
  };
}

/** A tree that exists only in a test of a rule. */
export function treeOf(files: Readonly<Record<string, string>>): Tree {
  return { ...listing(Object.keys(files)), read: (path) => files[path] ?? '' };
}

/** All TypeScript that people write. */
export function sourcesOf(tree: Tree): string[] {
  return tree.paths.filter((path) => path.endsWith('.ts') && !path.startsWith('proto/gen/'));
}

export function isTest(path: string): boolean {
  return path.endsWith('.test.ts');
}

/** Fakes and fixtures: code that only tests run. */
export function isForTests(path: string): boolean {
  return isTest(path) || path.startsWith('test/') || path.includes('/testing/');
}

export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split('\n').length;
}

function listing(paths: readonly string[]): Pick<Tree, 'paths' | 'has'> {
  const known = new Set(paths);
  return { paths, has: (path) => known.has(path) };
}

function* filesBelow(root: string, folder: string): Generator<string> {
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    if (NOT_OURS.includes(entry.name)) continue;
    const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) yield* filesBelow(root, path);
    else if (entry.isFile()) yield path;
  }
}
