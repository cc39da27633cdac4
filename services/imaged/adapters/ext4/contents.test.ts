import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { runTool } from '../../testing/run-tool.ts';
import { createDisk } from './disk.ts';
import { assertHolds, checkDisk, MIB, makeDisk, makeDiskPath, OPTIONS } from './testing/disks.ts';
import { file, type Piece, rootFolder, sparseFile, writeTree } from './testing/trees.ts';

const BLOCK = 4096;

test('holes read as zeros, wherever they start and end', async (t) => {
  const data = (bytes: number) => ({ bytes: Buffer.alloc(bytes, 'data') });
  const hole = (bytes: number) => ({ hole: bytes });
  const plan = rootFolder({
    'only-a-hole': sparseFile([hole(1_000_000)]),
    'hole-first': sparseFile([hole(3 * BLOCK), data(10)]),
    'hole-last': sparseFile([data(10), hole(3 * BLOCK)]),
    'hole-in-a-block': sparseFile([data(10), hole(20), data(30)]),
    'hole-across-blocks': sparseFile([data(10), hole(BLOCK), data(30)]),
    'hole-to-a-boundary': sparseFile([data(10), hole(BLOCK - 10), data(30)]),
    'hole-of-two-skips': sparseFile([data(10), hole(BLOCK), hole(BLOCK), data(BLOCK)]),
    'data-of-nothing': sparseFile([data(0), hole(BLOCK), data(0), data(5), data(0)]),
    'hole-of-nothing': sparseFile([hole(0), data(BLOCK), hole(0), data(1), hole(0)]),
    'start-in-a-block': sparseFile([hole(100), data(2 * BLOCK), hole(100)]),
  });
  const { path } = await makeDisk(t, plan);
  await assertHolds(t, path, plan);
});

test('a hole takes no space', async (t) => {
  const plan = rootFolder({ f: sparseFile([{ hole: 2 ** 40 }, { bytes: Buffer.from('end') }]) });
  const { path, figures } = await makeDisk(t, plan, { size: { freeBytes: 0 } });
  assert.ok(figures.sizeBytes < 32 * MIB);
  assert.ok(statSync(path).blocks * 512 < 4 * MIB);
});

for (const [pieces, depth] of [
  [4, 0],
  [5, 1],
  [340 * 4 + 1, 2],
] as const) {
  test(`a file of ${pieces} pieces has a tree of extents of depth ${depth}`, async (t) => {
    const piece: Piece[] = [{ bytes: Buffer.from('x') }, { hole: 2 * BLOCK - 1 }];
    const plan = rootFolder({ f: sparseFile(Array.from({ length: pieces }, () => piece).flat()) });
    const { path } = await makeDisk(t, plan);
    assert.match(await debugfs(path, 'ex /f'), new RegExp(`^ *${depth}/ *${depth} `, 'm'));
    await assertHolds(t, path, plan);
  });
}

test('a file that crosses the backups of the superblock goes around them', async (t) => {
  const head = file(Buffer.alloc(100 * MIB, 'a'));
  const plan = rootFolder({ head, crossing: file(Buffer.alloc(60 * MIB, 'b')) });
  const { path } = await makeDisk(t, plan);
  assert.ok((await debugfs(path, 'ex /crossing')).trim().split('\n').length > 2);
  await assertHolds(t, path, plan);
});

test('contents may come in chunks of any length', async (t) => {
  const bytes = Buffer.from(Array.from({ length: 200_000 }, (_, n) => (n * 7) % 251));
  const pieces: Piece[] = [];
  for (let at = 0, length = 1; at < bytes.length; at += length, length = (length * 5) % 9973) {
    pieces.push({ bytes: bytes.subarray(at, at + length) });
  }
  const { path } = await makeDisk(t, rootFolder({ f: sparseFile(pieces) }));
  await assertHolds(t, path, rootFolder({ f: file(bytes) }));
});

test('a chunk larger than all buffers is written whole', async (t) => {
  const plan = rootFolder({ f: file(Buffer.alloc(30 * MIB, 'chunk')) });
  const { path } = await makeDisk(t, plan);
  await assertHolds(t, path, plan);
});

test('a file written over a replaced one shows nothing of it', async (t) => {
  const { path, disk } = await openDisk(t);
  await using _ = disk;
  const old = rootFolder({ f: file(Buffer.alloc(100 * BLOCK, 'old')) });
  const replaced = (await writeTree(old, disk.contents)).children.get('f');
  assert.ok(replaced?.kind === 'file');
  disk.contents.discard(replaced.content);
  const plan = rootFolder({
    sparse: sparseFile([
      { bytes: Buffer.from('new') },
      { hole: 5 * BLOCK },
      { bytes: Buffer.from('new') },
    ]),
    small: file('new'),
    large: file(Buffer.alloc(60 * BLOCK - 7, 'new')),
  });
  await disk.finish({ root: await writeTree(plan, disk.contents) });
  checkDisk(path);
  await assertHolds(t, path, plan);
});

test('a file whose size is not the one announced is refused', async (t) => {
  const { disk } = await openDisk(t);
  await using _ = disk;
  const { contents } = disk;
  contents.open(10);
  await contents.append(Buffer.from('short'));
  assert.throws(() => contents.close(), { reason: 'INTERNAL' });
  assert.throws(() => contents.append(Buffer.from('much too long')), { reason: 'INTERNAL' });
  assert.throws(() => contents.skip(-1), { reason: 'INTERNAL' });
  assert.throws(() => contents.open(2 ** 50), { reason: 'FEATURE_UNSUPPORTED' });
});

async function openDisk(t: TestContext) {
  const path = await makeDiskPath(t);
  return { path, disk: await createDisk(path, OPTIONS) };
}

function debugfs(path: string, request: string): Promise<string> {
  return runTool('debugfs', '-R', request, path);
}
