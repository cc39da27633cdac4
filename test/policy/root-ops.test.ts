import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkRootOps } from './root-ops.ts';
import { treeOf } from './tree.ts';

const HOUSE = {
  'proto/banger/v1/root.proto': '  rpc CreateTaps(CreateTapsRequest) returns (CreateTapsResponse);',
  'docs/security.md': '- `create-taps`: makes taps',
  'services/rootd/ops/create-taps.ts': '/** Root because: taps need it. */',
  'services/rootd/ops/create-taps.test.ts': '',
};
const check = (files: Readonly<Record<string, string>>) =>
  checkRootOps(treeOf({ ...HOUSE, ...files }));

test('an operation that contract and page know passes', () => {
  assert.deepEqual(check({}), []);
});

test('an operation that the contract does not have is refused', () => {
  const found = check({ 'services/rootd/ops/run-shell.ts': '// Root because: fun' });
  assert.deepEqual(found, [
    'services/rootd/ops/run-shell.ts: proto/banger/v1/root.proto has no rpc for it',
    'services/rootd/ops/run-shell.ts: docs/security.md does not name `run-shell`',
  ]);
});

test('an operation without a page to name it is refused', () => {
  const { 'docs/security.md': _, ...withoutPage } = HOUSE;
  assert.match(checkRootOps(treeOf(withoutPage))[0] ?? '', /does not name `create-taps`/);
});

test('an operation that does not say why it needs root is refused', () => {
  const found = check({ 'services/rootd/ops/create-taps.ts': '/** Makes taps. */' });
  assert.match(found[0] ?? '', /says nowhere/);
});
