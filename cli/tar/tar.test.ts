import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { failsWith } from '#kit/testing/fails-with.ts';
import { temporaryFolder } from '#kit/testing/temporary-folder.ts';
import { formatTarHeader, type TarEntry, tarEnd, tarPadding } from './format-tar.ts';
import { readTar } from './read-tar.ts';

const LONG = 'a-long-name/'.repeat(20);

function entry(path: string | Buffer, change: Partial<TarEntry> = {}): TarEntry {
  const usual = { type: 'file' as const, mode: 0o640, sizeBytes: 0, mtimeSeconds: 1_500_000_000 };
  return { path: Buffer.from(path), ...usual, ...change };
}

/** In pieces of a few bytes, because that is how streams come. */
async function* inPieces(bytes: Buffer): AsyncGenerator<Buffer, void> {
  for (let at = 0; at < bytes.length; at += 7) yield bytes.subarray(at, at + 7);
}

async function readAll(bytes: Buffer) {
  const found: (readonly [path: string, type: string, content: string])[] = [];
  for await (const { path, type, target, content } of readTar(inPieces(bytes))) {
    const whole = Buffer.concat(await Array.fromAsync(content()));
    found.push([path.toString('latin1'), type, (type === 'link' ? target : whole).toString()]);
  }
  return found;
}

test('tar unpacks what is written here', (t) => {
  const folder = temporaryFolder(t);
  const odd = Buffer.from('raw\xff\n', 'latin1');
  const archive = Buffer.concat([
    formatTarHeader(entry(`${LONG}f`, { sizeBytes: 3 })),
    Buffer.from('abc'),
    tarPadding(3),
    formatTarHeader(entry(odd)),
    formatTarHeader(entry('link', { type: 'link', target: Buffer.from(`${LONG}${LONG}`) })),
    formatTarHeader(entry('folder/', { type: 'folder', mode: 0o750 })),
    tarEnd(),
  ]);
  execFileSync('tar', ['--no-same-owner', '-xpf', '-', '-C', folder], { input: archive });
  assert.equal(readFileSync(join(folder, LONG, 'f'), 'utf8'), 'abc');
  const status = lstatSync(Buffer.concat([Buffer.from(`${folder}/`), odd]));
  assert.deepEqual([status.mode & 0o777, status.mtimeMs], [0o640, 1_500_000_000_000]);
  assert.equal(readlinkSync(join(folder, 'link')), `${LONG}${LONG}`);
  assert.equal(lstatSync(join(folder, 'folder')).mode & 0o777, 0o750);
});

test('what tar packs is read here', async (t) => {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, LONG), { recursive: true });
  writeFileSync(join(folder, LONG, 'f'), 'x'.repeat(1000));
  writeFileSync(join(folder, 'empty'), '');
  symlinkSync('somewhere', join(folder, 'link'));
  const names = ['empty', `${LONG}f`, 'link'];
  const archive = execFileSync('tar', ['-c', '--format=pax', '-C', folder, ...names]);
  assert.deepEqual(await readAll(archive), [
    ['empty', 'file', ''],
    [`${LONG}f`, 'file', 'x'.repeat(1000)],
    ['link', 'link', 'somewhere'],
  ]);
});

test('an archive that is damaged is refused', async () => {
  const good = Buffer.concat([formatTarHeader(entry('a', { sizeBytes: 2 })), Buffer.from('ab')]);
  const flipped = Buffer.from(good);
  flipped[0] = 0x62;
  await assert.rejects(readAll(good), failsWith('OPERATION_REFUSED', /ends too early/));
  await assert.rejects(readAll(flipped), failsWith('OPERATION_REFUSED', /checksum/));
});
