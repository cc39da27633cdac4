import { moduleCodeOf } from './code.ts';
import { lineAt, sourcesOf, type Tree, type Violation } from './tree.ts';

const VARIABLE = /^(?:export\s+)?(?:let|var)\s/gm;
const CONSTANT = /^(?:export\s+)?const\s+\w+[^;=]*=\s*/gm;
const COLLECTION = /^new\s+(?:Map|Set|WeakMap|WeakSet|Array)\b[^(]*(\([\s\S]?)?/;

/** State of a module is shared by everybody who imports it and reset by nobody. */
export function checkModuleState(tree: Tree): Violation[] {
  return sourcesOf(tree).flatMap((file) => {
    const source = tree.read(file);
    const code = moduleCodeOf(source);
    const at = (offset: number, what: string) => `${file}:${lineAt(source, offset)}: ${what}`;
    return [
      ...[...code.matchAll(VARIABLE)].map(({ index }) => at(index, 'a variable of the module')),
      ...[...code.matchAll(CONSTANT)]
        .filter(({ index, 0: start }) =>
          canGrow(source.slice(index, index + start.length), source.slice(index + start.length)),
        )
        .map(({ index }) => at(index, 'a collection of the module that can grow')),
    ];
  });
}

/** An empty collection at module level is only there to be filled; one with its contents is a constant. */
function canGrow(declaration: string, value: string): boolean {
  if (/^\[\s*\]/.test(value)) return !/\breadonly\b/i.test(declaration);
  if (/^\{\s*\}/.test(value)) return /:\s*Record</.test(declaration);
  const match = COLLECTION.exec(value);
  return match !== null && match[1] !== '([';
}
