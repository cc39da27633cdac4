import assert from 'node:assert/strict';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Guest } from './guest.ts';
import { failsWith } from './testing/fails-with.ts';
import { startGreetedGuest } from './testing/greeted-guest.ts';
import { temporaryFolder } from './testing/temporary-folder.ts';

async function names(guest: Guest, folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const file of guest.list(folder)) found.push(file.name.toString('latin1'));
  return found.sort();
}

test('a folder is listed with every name, whatever its bytes', async (t) => {
  const { guest } = await startGreetedGuest(t);
  const folder = temporaryFolder(t);
  const wanted = [
    'a',
    'b c',
    'd\ne',
    '\xff\xfe',
    ...Array.from({ length: 3000 }, (_, i) => `n${i}`),
  ];
  for (const name of wanted) {
    writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.from(name, 'latin1')]), '');
  }
  assert.deepEqual(await names(guest, folder), wanted.sort());
  const odd = Buffer.concat([Buffer.from(`${folder}/sub`), Buffer.of(0xff)]);
  mkdirSync(odd);
  writeFileSync(Buffer.concat([odd, Buffer.from('/inside')]), '');
  const inside = await Array.fromAsync(guest.list(odd), ({ name }) => String(name));
  assert.deepEqual(inside, ['inside']);
  await assert.rejects(names(guest, '/etc/passwd'), failsWith('INVALID_FIELD', /Not a directory/));
});

test('a tree is listed in one turn, with no link followed and no folder entered that is to be skipped', async (t) => {
  const { guest } = await startGreetedGuest(t);
  const folder = temporaryFolder(t);
  const bytes = (path: string) => Buffer.from(`${folder}/${path}`, 'latin1');
  mkdirSync(bytes('a/b\n/\xff'), { recursive: true });
  mkdirSync(bytes('a/.git'));
  writeFileSync(bytes('a/b\n/\xff/deep'), '123');
  writeFileSync(bytes('a/.git/config'), '');
  writeFileSync(bytes('top'), '');
  symlinkSync('/etc', bytes('link'));
  const found = await Array.fromAsync(guest.listTree(folder, { skipped: '.git' }));
  const told = new Map(found.map(({ name, ...file }) => [name.toString('latin1'), file]));
  const wanted = ['a', 'a/.git', 'a/b\n', 'a/b\n/\xff', 'a/b\n/\xff/deep', 'link', 'top'];
  assert.deepEqual([...told.keys()].sort(), wanted);
  assert.equal(told.get('a/b\n/\xff/deep')?.sizeBytes, 3);
  assert.equal(String(told.get('link')?.target), '/etc');
  const all = await Array.fromAsync(guest.listTree(folder), ({ name }) => name.toString('latin1'));
  assert.ok(all.includes('a/.git/config'));
  await assert.rejects(
    Array.fromAsync(guest.listTree('/etc/passwd')),
    failsWith('INVALID_FIELD', /Not a directory/),
  );
});

test('folders deeper than an archive may have end a listing of the tree', async (t) => {
  const { guest } = await startGreetedGuest(t);
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'd/'.repeat(255)), { recursive: true });
  assert.equal((await Array.fromAsync(guest.listTree(folder))).length, 255);
  mkdirSync(join(folder, 'd/'.repeat(256)), { recursive: true });
  await assert.rejects(
    Array.fromAsync(guest.listTree(folder)),
    failsWith('INVALID_FIELD', /more than 255 deep/),
  );
});
