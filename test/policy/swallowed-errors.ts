import { codeOf } from './code.ts';
import { lineAt, sourcesOf, type Tree, type Violation } from './tree.ts';

const EMPTY_CATCH = /\bcatch\s*(?:\([^)]*\)\s*)?\{\s*\}|\.catch\(\s*\([^)]*\)\s*=>\s*\{\s*\}\s*\)/g;

/** An error that is meant to be ignored is ignored by a statement that says so. */
export function checkSwallowedErrors(tree: Tree): Violation[] {
  return sourcesOf(tree).flatMap((file) => {
    const code = codeOf(tree.read(file));
    return [...code.matchAll(EMPTY_CATCH)].map(
      ({ index }) => `${file}:${lineAt(code, index)}: the catch is empty`,
    );
  });
}
