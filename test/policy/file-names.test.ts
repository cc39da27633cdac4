import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkFileNames } from './file-names.ts';
import { treeOf } from './tree.ts';

const check = (path: string) => checkFileNames(treeOf({ [path]: '' }));

test('kebab-case names pass', () => {
  const paths = ['kit/keyed-lock.ts', 'kit/keyed-lock.test.ts', 'services/vmd/boot.slow.test.ts'];
  for (const path of [
    ...paths,
    'deploy/systemd/banger-vmd.service',
    'docs/decisions/0001-node.md',
  ]) {
    assert.deepEqual(check(path), []);
  }
});

test('other cases are refused, in files and folders', () => {
  for (const path of ['kit/keyedLock.ts', 'kit/keyed_lock.ts', 'cli/Output/a.ts']) {
    assert.match(check(path)[0] ?? '', /is not in kebab-case/);
  }
});

test('names that accept anything are refused, alone and at the end of others', () => {
  for (const path of ['kit/utils.ts', 'cli/common/a.ts', 'kit/string-helpers.test.ts']) {
    assert.match(check(path)[0] ?? '', /says nothing/);
  }
});
