import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { failsWith } from '#kit/testing/fails-with.ts';
import { temporaryFolder } from '#kit/testing/temporary-folder.ts';
import type { Context } from '../context.ts';
import { readEnvironment } from './environment.ts';

function read(t: TestContext, { file, env = [] }: { file?: string; env?: readonly string[] }) {
  const cwd = temporaryFolder(t);
  if (file !== undefined) writeFileSync(join(cwd, 'env'), file);
  const context = { cwd, env: { HERE: 'yes', PATH: '/bin' } } as unknown as Context;
  const options = { env, envFile: file === undefined ? [] : ['env'] };
  return readEnvironment(context, { arguments: [], options, rest: undefined }, 'banger vm run');
}

test('a file has a setting a line, with comments and values as they stand', (t) => {
  const file = '# a comment\n\nA=1\r\n  B="two words"\nEMPTY=\nHERE\nNOT_HERE\n';
  assert.deepEqual(read(t, { file }), ['A=1', 'B="two words"', 'EMPTY=', 'HERE=yes']);
});

test('single settings come after the file, so that they win', (t) => {
  assert.deepEqual(read(t, { file: 'A=1\n', env: ['A=2', 'HERE'] }), ['A=1', 'A=2', 'HERE=yes']);
});

test('what is no setting is refused with its place', (t) => {
  assert.throws(() => read(t, { file: 'A=1\n=x\n' }), failsWith('INVALID_FIELD', /env:2: "=x"/));
  assert.throws(() => read(t, { env: ['a b=c'] }), /--env takes NAME=value, not "a b=c"/);
});
