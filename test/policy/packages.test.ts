import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkPackages } from './packages.ts';
import { treeOf } from './tree.ts';

const GRPC = 'node_modules/@grpc/grpc-js';

function check(version: string, packages: Record<string, object>): string[] {
  const tree = treeOf({
    'package.json': JSON.stringify({ version: '0.1.0' }),
    'package-lock.json': JSON.stringify({ version: '0.1.0', packages }),
  });
  return checkPackages(tree, version);
}

test('one version, one gRPC and no registry pass', () => {
  assert.deepEqual(check('0.1.0', { [GRPC]: {}, 'node_modules/koffi': {} }), []);
});

test('another version in the program is refused', () => {
  assert.match(check('0.2.0', { [GRPC]: {} })[0] ?? '', /says 0\.1\.0 and kit/);
});

test('a second copy of gRPC is refused', () => {
  const packages = { [GRPC]: {}, [`node_modules/nice-grpc/${GRPC}`]: {} };
  assert.match(check('0.1.0', packages)[0] ?? '', /has 2 copies/);
});

test('the address of a registry is refused', () => {
  const packages = { [GRPC]: { resolved: 'https://registry.example/grpc-js.tgz' } };
  assert.match(check('0.1.0', packages)[0] ?? '', /names the registry/);
});

test('a package of another platform that is not locked is refused', () => {
  const esbuild = {
    optionalDependencies: { '@esbuild/linux-x64': '1', '@esbuild/aix-ppc64': '1' },
  };
  const packages = { [GRPC]: {}, esbuild, 'node_modules/@esbuild/linux-x64': {} };
  assert.deepEqual(check('0.1.0', packages), [
    'package-lock.json: has no entry for "@esbuild/aix-ppc64"',
  ]);
});
