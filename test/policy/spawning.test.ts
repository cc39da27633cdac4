import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkSpawning } from './spawning.ts';
import { treeOf } from './tree.ts';

const SOURCE = "import { spawn } from 'node:child_process';\nimport { execa } from 'execa';\n";

test('kit/exec.ts, tests, benchmarks and the build of the guest may start processes', () => {
  for (const file of ['kit/exec.ts', 'bench/a.ts', 'guest/build.ts', 'services/vmd/a.test.ts']) {
    assert.deepEqual(checkSpawning(treeOf({ [file]: SOURCE })), []);
  }
});

test('nobody else may', () => {
  for (const file of ['kit/server.ts', 'services/vmd/drivers/qemu/a.ts', 'cli/a.ts']) {
    assert.deepEqual(checkSpawning(treeOf({ [file]: SOURCE })), [
      `${file}:1: "node:child_process" is for kit/exec.ts only`,
      `${file}:2: "execa" is for kit/exec.ts only`,
    ]);
  }
});
