import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openLogFile } from './log-file.ts';
import { temporaryFolder } from './testing/temporary-folder.ts';

test('lines are appended, also to those of an earlier run', (t) => {
  const path = join(temporaryFolder(t), 'vmd.log');
  openLogFile(path, 1000)('first\n');
  openLogFile(path, 1000)('second\n');
  assert.equal(readFileSync(path, 'utf8'), 'first\nsecond\n');
});

test('a full file becomes the old one and the next line starts a new one', (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'vmd.log');
  const write = openLogFile(path, 20);
  for (const name of ['a', 'b', 'c', 'd', 'e']) write(`${name.repeat(9)}\n`);
  assert.equal(readFileSync(`${path}.1`, 'utf8'), 'ccccccccc\nddddddddd\n');
  assert.equal(readFileSync(path, 'utf8'), 'eeeeeeeee\n');
  assert.deepEqual(readdirSync(folder), ['vmd.log', 'vmd.log.1']);
});

test('the limit counts bytes, whatever the letters', (t) => {
  const path = join(temporaryFolder(t), 'vmd.log');
  const write = openLogFile(path, 100);
  for (let count = 0; count < 50; count++) write(`${'漢'.repeat(10)}\n`);
  assert.ok(statSync(path).size <= 100);
  assert.ok(statSync(`${path}.1`).size <= 100);
});

test('a line that is longer than the limit is written whole', (t) => {
  const path = join(temporaryFolder(t), 'vmd.log');
  const write = openLogFile(path, 10);
  write('short\n');
  write(`${'long'.repeat(10)}\n`);
  assert.equal(readFileSync(path, 'utf8'), `${'long'.repeat(10)}\n`);
});

test('a full disk costs lines and no call, and the loss is told', {
  skip: process.getuid?.() === 0 ? false : 'only root can make a disk that is full',
}, (t) => {
  const folder = temporaryFolder(t);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=16k', 'tmpfs', folder]);
  try {
    const path = join(folder, 'vmd.log');
    const write = openLogFile(path, 10_000);
    assert.throws(() => writeFileSync(join(folder, 'filler'), Buffer.alloc(100_000)), /ENOSPC/);
    write('lost\n');
    write('lost too\n');
    rmSync(join(folder, 'filler'));
    write('kept\n');
    const [loss = '', kept] = readFileSync(path, 'utf8').split('\n');
    assert.equal(JSON.parse(loss).lines, 2);
    assert.equal(kept, 'kept');
  } finally {
    execFileSync('umount', ['--lazy', folder]);
  }
});
