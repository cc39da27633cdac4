import { matchesGlob } from 'node:path';
import type { Tree, Violation } from './tree.ts';

const HELD = ['{cli,services,kit,guest,bench,test,deploy,examples,docs}/**'];
/** `stop-vm.ts`, `stop-vm.test.ts`, `boot.slow.test.ts`; a dot may also part a name from its kind. */
const KEBAB_CASE = /^[a-z0-9]+(?:[-.@][a-z0-9]+)*\.?[a-z0-9]*$/;

/** Names that accept anything, so that everything ends up there. */
const SAY_NOTHING = ['util', 'utils', 'common', 'helper', 'helpers', 'core', 'misc', 'shared'];

export function checkFileNames(tree: Tree): Violation[] {
  const held = tree.paths.filter((path) => HELD.some((glob) => matchesGlob(path, glob)));
  return held.flatMap((path) =>
    path.split('/').flatMap((part) => {
      const last = part.split('.')[0]?.split('-').at(-1) ?? '';
      if (SAY_NOTHING.includes(last))
        return [`${path}: "${part}" says nothing about what is inside`];
      return KEBAB_CASE.test(part) ? [] : [`${path}: "${part}" is not in kebab-case`];
    }),
  );
}
