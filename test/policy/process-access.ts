import { matchesGlob } from 'node:path';
import { codeOf } from './code.ts';
import { findImports } from './imports.ts';
import { lineAt, sourcesOf, type Tree, type Violation } from './tree.ts';

/** Programs and what runs them. Everything else is handed what it needs to know. */
const ALLOWED = [
  'kit/service.ts',
  '**/{main,config}.ts',
  '{bench,test,deploy,examples}/**',
  'guest/build*',
  '**/*.test.ts',
  '**/testing/**',
];

const ACCESS = /\bprocess\s*(?:\?\.|\.)\s*(env|exit|exitCode|on|once)\b/g;
/** `const { env } = process` and `const p = process`. */
const HANDED_ON = /=\s*(?:globalThis\s*\.\s*)?process\s*[;,)\n]/g;

/** The environment, the end of the process and its signals belong to the programs' entries. */
export function checkProcessAccess(tree: Tree): Violation[] {
  const held = sourcesOf(tree).filter((file) => !ALLOWED.some((glob) => matchesGlob(file, glob)));
  return held.flatMap((file) => {
    const source = tree.read(file);
    const code = codeOf(source);
    const at = (offset: number, what: string) => `${file}:${lineAt(code, offset)}: ${what}`;
    return [
      ...[...code.matchAll(ACCESS)].map(({ index, 1: name }) => at(index, `uses process.${name}`)),
      ...[...code.matchAll(HANDED_ON)].map(({ index }) => at(index, 'hands on the whole process')),
      ...findImports(file, source)
        .filter(({ specifier }) => /^(?:node:)?process$/.test(specifier))
        .map(({ line }) => `${file}:${line}: imports the whole process`),
    ];
  });
}
