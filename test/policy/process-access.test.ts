import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkProcessAccess } from './process-access.ts';
import { treeOf } from './tree.ts';

const check = (file: string, source: string) => checkProcessAccess(treeOf({ [file]: source }));

test('entries and configurations may read the environment and end the process', () => {
  const source = "process.exit(Number(process.env.X)); process.on('SIGTERM', end);";
  for (const file of ['cli/main.ts', 'services/vmd/main.ts', 'services/vmd/config.ts']) {
    assert.deepEqual(check(file, source), []);
  }
  assert.deepEqual(check('kit/service.ts', source), []);
});

test('nobody else may, in whatever form', () => {
  const source = `process.env.X;
process?.exit(1);
process
  .on('exit', f);
const { env } = process;
import { argv } from 'node:process';`;
  assert.deepEqual(check('cli/local/account.ts', source), [
    'cli/local/account.ts:1: uses process.env',
    'cli/local/account.ts:2: uses process.exit',
    'cli/local/account.ts:3: uses process.on',
    'cli/local/account.ts:5: hands on the whole process',
    'cli/local/account.ts:6: imports the whole process',
  ]);
});

test('facts about the process are free', () => {
  assert.deepEqual(
    check('kit/info.ts', 'f(process.pid, process.version, process.getuid?.());'),
    [],
  );
});
