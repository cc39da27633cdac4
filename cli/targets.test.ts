import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { BangerError } from '#kit/errors.ts';
import { createOutput } from './output/output.ts';
import { onEach } from './targets.ts';

const ALL = [
  { id: 'aaaa1111', name: 'web' },
  { id: 'aaaa2222', name: 'db' },
  { id: 'bbbb0000', name: 'aaaa1111' },
  { id: 'cccc0000', name: 'cache' },
];
const KNOWN = { all: ALL, noun: 'vm', reason: 'VM_NOT_FOUND', list: 'banger vm list' } as const;

/** Runs a verb that ends in another order than it began, and fails for "cache". */
async function run(...references: string[]) {
  const stderr = new PassThrough() as unknown as NodeJS.WriteStream;
  const out = createOutput({ stdout: stderr, stderr }, { json: false, quiet: false, color: false });
  const calls: string[] = [];
  const told: string[] = [];
  const others = Promise.withResolvers<void>();
  const code = await onEach({ out }, KNOWN, references, {
    async verb({ name }) {
      calls.push(name);
      if (name === 'cache') throw new BangerError('DISK_FULL', 'no room for cache');
      if (name !== 'web') others.resolve();
      // Ends only once another one has begun.
      else if (references.length > 1) await others.promise;
    },
    ended: () => told.push('all ended'),
    tell: ({ name }) => told.push(name),
  });
  stderr.end();
  return { code, calls, told, said: await text(stderr) };
}

test('verbs run side by side, once for each thing, and are told in the order of the words', async () => {
  const { code, calls, told } = await run('web', 'db', 'web', 'aaaa2222');
  assert.deepEqual(
    { code, calls, told },
    { code: 0, calls: ['web', 'db'], told: ['all ended', 'web', 'db'] },
  );
});

test('the good ones go ahead when others are missing or fail, and the status says so', async () => {
  const { code, told, said } = await run('wep', 'cache', 'db');
  assert.deepEqual([code, told], [1, ['all ended', 'db']]);
  assert.equal(said, 'banger: no vm "wep"; did you mean "web"?\nbanger: no room for cache\n');
});

test('a name comes before an id, and the beginning of one id is enough', async () => {
  assert.deepEqual((await run('aaaa1111')).calls, ['aaaa1111']);
  assert.deepEqual((await run('bbbb')).calls, ['aaaa1111']);
});

test('what is the beginning of several ids, or too short for one, is nobody’s', async () => {
  const several = await run('aaaa');
  assert.deepEqual([several.code, several.calls], [1, []]);
  assert.match(several.said, /no vm "aaaa"; it is the beginning of several ids: web, db/);
  assert.match((await run('bbb')).said, /^banger: no vm "bbb"; /);
});
