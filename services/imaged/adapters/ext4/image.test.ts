import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { runTool } from '../../testing/run-tool.ts';
import { makeTemporaryFolder } from '../../testing/temporary-folder.ts';
import { createDisk } from './disk.ts';
import { openImage } from './image.ts';
import { describePlan, describeTree } from './testing/describe.ts';
import {
  ALL,
  assertHolds,
  checkDisk,
  MIB,
  makeDisk,
  makeDiskPath,
  OPTIONS,
} from './testing/disks.ts';
import { DigestContents, file, folder, folderOf, link, rootFolder } from './testing/trees.ts';

const SEED_FOLDER = folder(
  { '.profile': file('export A=1\n', { mode: 0o600 }), bin: folder({ tool: link('/bin/true') }) },
  { mode: 0o700, xattrs: new Map([['user.a', Buffer.from('1')]]) },
);

test('a folder of one disk becomes the root of another', async (t) => {
  const source = await makeDisk(t, rootFolder({ root: SEED_FOLDER, etc: folder({}) }));
  const path = await makeDiskPath(t);
  await using image = await openImage(source.path);
  await using disk = await createDisk(path, { ...OPTIONS, size: { exactBytes: 8192 * MIB } });
  const tree = await image.findTree('/root', disk.contents, ALL);
  assert.ok(tree);
  await disk.finish(tree);
  checkDisk(path);
  assert.ok(SEED_FOLDER.kind === 'directory');
  const rescue = folder({}, { mode: 0o700, mtime: OPTIONS.createdAt });
  const children = new Map(SEED_FOLDER.children).set('lost+found', rescue);
  await assertHolds(t, path, { ...SEED_FOLDER, children });
});

test('one file is read by its path', async (t) => {
  const { path } = await makeDisk(t, rootFolder({ etc: folder({ 'os-release': file('ID=x\n') }) }));
  await using image = await openImage(path);
  assert.equal((await image.findFile('/etc/os-release', 100))?.toString(), 'ID=x\n');
  assert.equal(await image.findFile('/etc/none', 100), undefined);
  assert.equal(await image.findFile('/etc/os-release/none', 100), undefined);
  assert.equal(await image.findFile('/etc', 100), undefined);
  await assert.rejects(image.findFile('/etc/os-release', 4), { reason: 'IMAGE_CORRUPT' });
});

test('a folder that is not there, or is a link, is not found', async (t) => {
  const { path } = await makeDisk(t, rootFolder({ root: link('/etc'), etc: folder({}) }));
  await using image = await openImage(path);
  assert.equal(await image.findTree('/root', new DigestContents(), ALL), undefined);
  assert.equal(await image.findTree('/home', new DigestContents(), ALL), undefined);
});

for (const options of [
  '',
  '-b 1024',
  '-b 2048',
  '-I 128',
  '-O ^64bit',
  '-O ^metadata_csum',
  '-O ^dir_index',
]) {
  test(`an image that mke2fs ${options} made is read`, async (t) => {
    const base = await makeTemporaryFolder(t);
    const tree = join(base, 'tree');
    mkdirSync(join(tree, 'many'), { recursive: true });
    writeFileSync(join(tree, 'large'), Buffer.alloc(3 * MIB, 'large'));
    for (let n = 0; n < 300; n++) writeFileSync(join(tree, 'many', `name-${n}`), `${n}`);
    const path = join(base, 'disk.ext4');
    const argv = ['-q', '-F', '-t', 'ext4', ...options.split(' ').filter(Boolean)];
    await runTool('mke2fs', ...argv, '-d', tree, path, '64M');
    const contents = new DigestContents();
    await using image = await openImage(path);
    const found = await image.findTree('/', contents, ALL);
    assert.ok(found);
    const bodies = bodiesOf(describeTree(found, contents.digests));
    const files = Array.from({ length: 300 }, (_, n) => [`name-${n}`, file(`${n}`)] as const);
    const large = file(Buffer.alloc(3 * MIB, 'large'));
    const plan = rootFolder({ large, many: folderOf(new Map(files)) });
    assert.deepEqual(bodies, bodiesOf(await describePlan(plan)));
  });
}

function bodiesOf(description: Awaited<ReturnType<typeof describePlan>>): string[] {
  return Object.entries(description)
    .map(([path, { kind, body }]) => `${path} ${kind} ${body}`)
    .sort();
}

test('what is not an ext4 file system, or one in use, is refused', async (t) => {
  const { path } = await makeDisk(t, rootFolder({}));
  const changes: [at: number, byte: number, reason: string][] = [
    [1024 + 0x38, 0, 'IMAGE_CORRUPT'],
    [1024 + 0x60, 0x46, 'FEATURE_UNSUPPORTED'],
    [1024 + 0x61, 0xf2, 'FEATURE_UNSUPPORTED'],
    [1024 + 0x18, 99, 'IMAGE_CORRUPT'],
  ];
  const original = readFileSync(path);
  for (const [at, byte, reason] of changes) {
    const changed = Buffer.from(original);
    changed[at] = byte;
    writeFileSync(path, changed);
    await assert.rejects(openImage(path), { reason });
  }
  truncateSync(path, 100);
  await assert.rejects(openImage(path), { reason: 'IMAGE_CORRUPT' });
});

test('no more is read than was allowed', async (t) => {
  const plan = rootFolder({ a: file('12345'), b: file('67890'), c: folder({}) });
  const { path } = await makeDisk(t, plan);
  await using image = await openImage(path);
  const read = (entries: number, bytes: number) =>
    image.findTree('/', new DigestContents(), { entries, bytes });
  await assert.rejects(read(100, 9), { reason: 'OPERATION_REFUSED' });
  await assert.rejects(read(4, 100), { reason: 'OPERATION_REFUSED' });
  assert.ok(await read(100, 10));
});
