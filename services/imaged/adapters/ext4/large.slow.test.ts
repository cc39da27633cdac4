import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { describeTree } from './testing/describe.ts';
import {
  assertDescribed,
  assertHolds,
  checkDisk,
  MIB,
  makeDisk,
  makeDiskPath,
} from './testing/disks.ts';
import { LARGE_TREES } from './testing/large-trees.ts';
import {
  DigestContents,
  file,
  folder,
  folderOf,
  type Piece,
  rootFolder,
  sparseFile,
} from './testing/trees.ts';

const MAX_MEMORY_MIB = 300;

/** As imaged is started: by default Node lets some 100 MiB of short-lived garbage pile up. */
const NODE_ARGUMENTS = ['--max-semi-space-size=8'];

for (const name of ['manyFiles', 'manyFolders'] as const) {
  test(`a tree of ${name} is stored within the memory allowed`, async (t) => {
    const path = await makeElsewhere(t, name);
    const contents = new DigestContents();
    const root = await LARGE_TREES[name](contents);
    await assertDescribed(t, path, describeTree({ root }, contents.digests));
  });
}

test('a million pieces of a sparse file are stored within the memory allowed', async (t) => {
  await makeElsewhere(t, 'manyPieces');
});

/** Makes the disk in a process that does nothing else, and looks at the memory it took. */
async function makeElsewhere(t: TestContext, tree: string): Promise<string> {
  const path = await makeDiskPath(t);
  const program = join(import.meta.dirname, 'testing/make-large-disk.ts');
  const memoryMib = Number(
    execFileSync(process.execPath, [...NODE_ARGUMENTS, program, tree, path]),
  );
  t.diagnostic(`${Math.round(memoryMib)} MiB of memory`);
  assert.ok(memoryMib <= MAX_MEMORY_MIB);
  checkDisk(path);
  return path;
}

test('a folder of 100,000 names has an index of two levels', async (t) => {
  const names = Array.from({ length: 100_000 }, (_, n) => `${n}-${'name'.repeat(n % 20)}`);
  const plan = rootFolder({ d: folderOf(new Map(names.map((name) => [name, file('')]))) });
  const { path } = await makeDisk(t, plan);
  const options = { encoding: 'utf8', maxBuffer: 512 * MIB } as const;
  const { stdout } = spawnSync('debugfs', ['-R', 'htree_dump /d', path], options);
  assert.match(stdout, /Indirect levels: 1/);
  await assertHolds(t, path, plan);
});

test('a folder of 70,000 folders no longer counts its links', async (t) => {
  const names = Array.from({ length: 70_000 }, (_, n) => `folder-${n}`);
  const plan = rootFolder({ d: folderOf(new Map(names.map((name) => [name, folder({})]))) });
  const { path } = await makeDisk(t, plan);
  await assertHolds(t, path, plan);
});

test('a file may have 65,000 names and no more', async (t) => {
  const shared = file('shared');
  const withNames = (count: number) =>
    rootFolder({
      d: folderOf(new Map(Array.from({ length: count }, (_, n) => [`name-${n}`, shared]))),
    });
  const { path } = await makeDisk(t, withNames(65_000));
  await assertHolds(t, path, withNames(65_000));
  await assert.rejects(makeDisk(t, withNames(65_001)), { reason: 'FEATURE_UNSUPPORTED' });
});

test('files above 4 GiB keep their length and what they hold', async (t) => {
  const end = { bytes: Buffer.from('the end') };
  const step: Piece[] = [{ bytes: Buffer.alloc(4097, 'step') }, { hole: MIB - 4097 }];
  const plan = rootFolder({
    sparse: sparseFile([{ hole: 6 * 1024 * MIB }, end]),
    'with-data-all-along': sparseFile([
      ...Array<Piece[]>(5 * 1024)
        .fill(step)
        .flat(),
      end,
    ]),
  });
  const { path } = await makeDisk(t, plan);
  await assertHolds(t, path, plan);
});

test('a dense file is mapped by extents as long as the groups allow', async (t) => {
  const piece = { bytes: Buffer.alloc(16 * MIB, 'dense') };
  const plan = rootFolder({ f: sparseFile(Array<Piece>(100).fill(piece)) });
  const { path } = await makeDisk(t, plan);
  await assertHolds(t, path, plan);
});
