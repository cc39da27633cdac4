import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkImports } from './import-table.ts';
import { treeOf } from './tree.ts';

function violations(file: string, ...specifiers: string[]): string[] {
  const source = specifiers.map((specifier) => `import '${specifier}';\n`).join('');
  return checkImports(treeOf({ [file]: source }));
}

/** The one complaint about a file that imports one thing. */
function refusal(file: string, specifier: string): string {
  const [first = '', ...others] = violations(file, specifier);
  assert.deepEqual(others, []);
  return first;
}

test('a file outside of every layer is refused', () => {
  assert.match(refusal('tools/a.ts', 'node:fs'), /belongs to no layer/);
});

test('the domain may use itself and the pure part of the kit', () => {
  const allowed = [
    './vm.ts',
    '../domain/x.ts',
    '#kit/errors.ts',
    '#kit/operations.ts',
    'node:path',
  ];
  assert.deepEqual(violations('services/vmd/domain/stop-vm.ts', ...allowed), []);
});

test('the domain knows no protobuf, adapter, package, process or I/O of the kit', () => {
  const file = 'services/vmd/domain/stop-vm.ts';
  assert.match(refusal(file, '#proto/banger/v1/vm.ts'), /domain may not import "proto\/gen/);
  assert.match(refusal(file, '../adapters/vm-store.ts'), /domain may not import/);
  assert.match(refusal(file, '../messages.ts'), /domain may not import/);
  assert.match(refusal(file, '#kit/exec.ts'), /domain may not import "kit\/exec.ts"/);
  assert.match(refusal(file, 'kysely'), /domain may not use the package "kysely"/);
});

test('no service imports another, not even in a test', () => {
  for (const file of ['main.ts', 'rpc.ts', 'domain/a.ts', 'adapters/a.ts', 'domain/a.test.ts']) {
    const up = file.includes('/') ? '../../' : '../';
    assert.match(refusal(`services/vmd/${file}`, `${up}netd/domain/lease.ts`), /may not import/);
  }
});

test('an adapter may use its own folder and no other adapter', () => {
  const file = 'services/imaged/adapters/registry/token.ts';
  assert.deepEqual(violations(file, './http/agent.ts', '../../domain/image.ts', 'undici'), []);
  assert.match(refusal(file, '../ext4/inode.ts'), /adapters may not import/);
  assert.match(refusal(file, '../image-store.ts'), /adapters may not import/);
  assert.match(refusal(file, '../../rpc.ts'), /adapters may not import/);
  assert.deepEqual(violations('services/imaged/adapters/images.ts', './ext4/disk.ts'), []);
});

test('rpc translates between contract and domain and knows no adapter', () => {
  const file = 'services/vmd/rpc.ts';
  const allowed = ['#proto/banger/v1/vm.ts', './domain/vm.ts', './messages.ts', '#kit/rpc.ts'];
  assert.deepEqual(violations(file, ...allowed), []);
  assert.match(refusal(file, './adapters/vm-store.ts'), /rpc may not import/);
  assert.match(refusal(file, 'better-sqlite3'), /may not use the package/);
});

test('main is the one place that joins all parts of its service', () => {
  const allowed = ['./rpc.ts', './config.ts', './domain/vm.ts', './adapters/vm-store.ts'];
  assert.deepEqual(violations('services/vmd/main.ts', ...allowed, '#kit/service.ts'), []);
});

test('config knows the kit only', () => {
  assert.deepEqual(violations('services/vmd/config.ts', '#kit/settings.ts'), []);
  assert.match(refusal('services/vmd/config.ts', './domain/vm.ts'), /config may not import/);
});

test('a root operation uses few parts of the kit, no contract and no package', () => {
  const file = 'services/rootd/ops/create-taps.ts';
  assert.deepEqual(violations(file, '#kit/exec.ts', '#kit/errors.ts', '../kernel/tap.ts'), []);
  assert.match(refusal(file, '#proto/banger/v1/root.ts'), /ops may not import/);
  assert.match(refusal(file, '#kit/database.ts'), /ops may not import/);
  assert.match(refusal(file, '../main.ts'), /ops may not import/);
  assert.match(refusal(file, 'koffi'), /may not use the package/);
});

test('the kit knows the contracts that all services serve and no other', () => {
  const allowed = ['./errors.ts', '#proto/banger/v1/info.ts', '#proto/grpc/health/v1/health.ts'];
  assert.deepEqual(violations('kit/info.ts', ...allowed, 'koffi'), []);
  assert.match(refusal('kit/info.ts', '#proto/banger/v1/vm.ts'), /kit may not import/);
  assert.match(refusal('kit/info.ts', '../services/vmd/domain/vm.ts'), /kit may not import/);
});

test('the command line knows services by their contracts only', () => {
  assert.deepEqual(violations('cli/clients.ts', '#proto/banger/v1/vm.ts', 'commander'), []);
  assert.match(refusal('cli/clients.ts', '../services/vmd/domain/vm.ts'), /cli may not import/);
});

test('what is made for tests is imported by tests only', () => {
  assert.deepEqual(violations('services/vmd/domain/a.test.ts', '../testing/fakes.ts'), []);
  assert.match(refusal('services/vmd/main.ts', './testing/fakes.ts'), /only tests may import/);
  assert.match(refusal('kit/a.ts', './b.test.ts'), /only tests may import/);
});

test('the kit and the contracts are imported by their short names', () => {
  assert.match(refusal('cli/a.ts', '../kit/errors.ts'), /is written "#kit/);
  assert.match(refusal('cli/a.ts', '../proto/gen/banger/v1/vm.ts'), /is written "#proto/);
});

test('an import of a computed name is refused', () => {
  const tree = treeOf({ 'cli/a.ts': 'const x = await import(folder + name);' });
  assert.deepEqual(checkImports(tree), ['cli/a.ts:1: imports a computed name']);
});
