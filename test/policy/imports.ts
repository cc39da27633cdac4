import { posix } from 'node:path';
import { codeOf } from './code.ts';
import { lineAt } from './tree.ts';

export type Import = {
  specifier: string;
  line: number;
  /** File of the project that is meant; absent for a package or a module of Node. */
  path?: string;
};

const IMPORT = /\bfrom\s*(['"])|\b(?:import|require)\s*\(?\s*(['"])/g;
const COMPUTED = /\b(?:import|require)\s*\(\s*[^\s'")]/g;

/** Everything a file imports, as value or as type, in any form that names it. */
export function findImports(file: string, source: string): Import[] {
  return [...codeOf(source).matchAll(IMPORT)].map((match) => {
    const start = match.index + match[0].length;
    const specifier = source.slice(start, source.indexOf(match[1] ?? match[2] ?? '', start));
    const path = pathOf(file, specifier);
    return {
      specifier,
      line: lineAt(source, match.index),
      ...(path === undefined ? {} : { path }),
    };
  });
}

/** Lines that import what only the running program knows, which no table can judge. */
export function findComputedImports(source: string): number[] {
  return [...codeOf(source).matchAll(COMPUTED)].map((match) => lineAt(source, match.index));
}

function pathOf(file: string, specifier: string): string | undefined {
  if (specifier.startsWith('#kit/')) return specifier.replace('#kit/', 'kit/');
  if (specifier.startsWith('#proto/')) return specifier.replace('#proto/', 'proto/gen/');
  if (!specifier.startsWith('.')) return undefined;
  return posix.join(posix.dirname(file), specifier);
}
