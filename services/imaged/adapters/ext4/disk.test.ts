import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { BangerError } from '#kit/errors.ts';
import { runTool } from '../../testing/run-tool.ts';
import { createDisk } from './disk.ts';
import type { DiskOptions } from './disk-options.ts';
import { assertHolds, makeDisk, makeDiskPath, OPTIONS } from './testing/disks.ts';
import { file, folder, folderOf, link, type Plan, rootFolder, writeTree } from './testing/trees.ts';

const CAPABILITY = Buffer.from('0100000200040000000000000000000000000000', 'hex');

/** u::rwx u:1000:rw- g::r-x m::rwx o::r-- */
const ACL = Buffer.from(
  '0200000001000700ffffffff02000600e803000004000500ffffffff10000700ffffffff20000400ffffffff',
  'hex',
);

test('every kind of entry comes out as it went in', async (t) => {
  const shared = file('shared');
  const plan = rootFolder({
    empty: file(''),
    text: file('hello\n', { mode: 0o4755, uid: 1000, gid: 100 }),
    'one-block': file(Buffer.alloc(4096, 1)),
    'and-a-byte': file(Buffer.alloc(4097, 2)),
    shared,
    also: folder({ shared }, { mode: 0o1777 }),
    'fast-link': link('text'),
    'longest-fast-link': link('x'.repeat(59)),
    'shortest-slow-link': link('x'.repeat(60)),
    'longest-link': link('y'.repeat(4095)),
    null: { kind: 'character', major: 1, minor: 3, mode: 0o666 },
    disk: { kind: 'block', major: 259, minor: 70_000 },
    pipe: { kind: 'fifo' },
    socket: { kind: 'socket' },
    owner: file('', { uid: 4_000_000_000, gid: 70_000 }),
  });
  const { path } = await makeDisk(t, plan);
  await assertHolds(t, path, plan);
});

test('times keep their nanoseconds, before 1970 and after 2038', async (t) => {
  const at = (seconds: number, nanoseconds: number) =>
    file('', { mtime: { seconds, nanoseconds } });
  const plan = rootFolder({
    oldest: at(-(2 ** 31), 0),
    'before-1970': at(-1, 999_999_999),
    epoch: at(0, 0),
    'last-of-32-bits': at(2 ** 31 - 1, 1),
    'first-beyond': at(2 ** 31, 2),
    'year-2106': at(2 ** 32, 3),
    'year-2310': at(5 * 2 ** 31 - 1, 999_999_999),
  });
  const { path } = await makeDisk(t, plan);
  await assertHolds(t, path, plan);
});

test('a time that ext4 cannot hold becomes the nearest it can', async (t) => {
  const at = (seconds: number) => file('', { mtime: { seconds, nanoseconds: 0 } });
  const { path } = await makeDisk(t, rootFolder({ early: at(-(2 ** 40)), late: at(2 ** 50) }));
  await assertHolds(t, path, rootFolder({ early: at(-(2 ** 31)), late: at(5 * 2 ** 31 - 1) }));
});

test('extended attributes come out as they went in, inside the inode and outside', async (t) => {
  const long = Buffer.alloc(3000, 7);
  const plan = rootFolder({
    capable: file('x', { xattrs: new Map([['security.capability', CAPABILITY]]) }),
    acl: folder(
      {},
      {
        mode: 0o770,
        xattrs: new Map([
          ['system.posix_acl_access', ACL],
          ['system.posix_acl_default', ACL],
        ]),
      },
    ),
    many: file('x', {
      xattrs: new Map([
        ['user.empty', Buffer.alloc(0)],
        ['user.long', long],
        ['trusted.odd', Buffer.from('abc')],
        ['user.b', Buffer.from('b')],
        ['user.a', Buffer.from('a')],
        ['user.caf\xe9', Buffer.from([0, 255])],
      ]),
    }),
    link: link('x'.repeat(60), { xattrs: new Map([['trusted.long', long]]) }),
  });
  const { path } = await makeDisk(t, plan);
  await assertHolds(t, path, plan);
});

test('extended attributes of other systems are left out', async (t) => {
  const xattrs = (...names: string[]) => ({
    xattrs: new Map(names.map((name) => [name, Buffer.from('1')])),
  });
  const others = ['com.apple.provenance', 'system.data', 'security.', 'user', 'system.nfs4_acl'];
  const { path } = await makeDisk(t, rootFolder({ f: file('', xattrs('user.kept', ...others)) }));
  await assertHolds(t, path, rootFolder({ f: file('', xattrs('user.kept')) }));
});

test('any bytes make a name', async (t) => {
  const names = Array.from({ length: 255 }, (_, byte) => String.fromCharCode(byte + 1))
    .filter((name) => name !== '/' && name !== '.')
    .concat('...', '\xff'.repeat(255), 'a'.repeat(254));
  const few = folderOf(new Map(names.slice(100, 140).map((name) => [name, file(name)])));
  const many = folderOf(new Map(names.map((name) => [name, file('')])));
  const plan = rootFolder({ few, many });
  const { path } = await makeDisk(t, plan);
  await assertHolds(t, path, plan);
});

test('the same input gives the same bytes', async (t) => {
  const plan = rootFolder({
    d: folderOf(new Map(Array.from({ length: 500 }, (_, n) => [`name-${n}`, file(`${n}`)]))),
    large: file(Buffer.alloc(9_000_000, 'abc')),
  });
  const [one, two] = [await makeDisk(t, plan), await makeDisk(t, plan)];
  assert.ok(readFileSync(one.path).equals(readFileSync(two.path)));
});

test('label, uuid and time of creation are those asked for', async (t) => {
  const { path } = await makeDisk(t, rootFolder({}), {
    label: 'sixteen-bytes-lo',
    createdAt: { seconds: 1_500_000_000, nanoseconds: 0 },
  });
  const found = await runTool('env', 'TZ=UTC', 'dumpe2fs', '-h', path);
  assert.match(found, /Filesystem volume name: +sixteen-bytes-lo\n/);
  assert.match(found, /Filesystem UUID: +1a048f15-92f0-495f-a0fa-24a116636697\n/);
  assert.match(found, /Filesystem created: +Fri Jul 14 02:40:00 2017\n/);
});

test('a tree without lost+found gets one', async (t) => {
  const { path } = await makeDisk(t, folder({ f: file('x') }));
  const mtime = OPTIONS.createdAt;
  const rescue = folder({}, { mode: 0o700, mtime });
  await assertHolds(t, path, folder({ 'lost+found': rescue, f: file('x') }));
});

test('what ext4 cannot hold is refused, and the error names the path', async (t) => {
  const big = new Map([['user.a', Buffer.alloc(5000)]]);
  const acl = new Map([['system.posix_acl_access', Buffer.from('nonsense')]]);
  const cases: [Plan, string][] = [
    [file('', { xattrs: big }), 'FEATURE_UNSUPPORTED'],
    [file('', { xattrs: acl }), 'IMAGE_CORRUPT'],
    [file('', { uid: 2 ** 32 }), 'FEATURE_UNSUPPORTED'],
    [link(''), 'IMAGE_CORRUPT'],
    [link('a\0b'), 'IMAGE_CORRUPT'],
    [link('x'.repeat(4096)), 'FEATURE_UNSUPPORTED'],
    [{ kind: 'block', major: 4096, minor: 0 }, 'FEATURE_UNSUPPORTED'],
    [folder({ ['x'.repeat(256)]: file('') }), 'FEATURE_UNSUPPORTED'],
    [folder({ '..': file('') }), 'IMAGE_CORRUPT'],
    [folder({ 'a/b': file('') }), 'IMAGE_CORRUPT'],
  ];
  for (const [plan, reason] of cases) {
    const error = await refusalOf(t, rootFolder({ etc: folder({ 'odd\xe9': plan }) }));
    assert.ok(error instanceof BangerError, String(error));
    assert.equal(error.reason, reason);
    assert.match(error.message, /^"\/etc\/oddé" cannot be stored/);
  }
});

test('a lost+found that is not a folder is refused', async (t) => {
  const error = await refusalOf(t, folder({ 'lost+found': file('') }));
  assert.ok(error instanceof BangerError && error.reason === 'FEATURE_UNSUPPORTED');
});

async function refusalOf(t: TestContext, plan: Plan): Promise<unknown> {
  const path = await makeDiskPath(t);
  await using disk = await createDisk(path, OPTIONS);
  const root = await writeTree(plan, disk.contents);
  return await disk.finish({ root }).then(
    () => undefined,
    (error: unknown) => error,
  );
}

test('options that make no disk are refused before there is a file', async (t) => {
  const path = await makeDiskPath(t);
  const cases: [Partial<DiskOptions>, string][] = [
    [{ label: 'seventeen bytes l' }, 'INVALID_FIELD'],
    [{ uuid: '1a048f15' }, 'INVALID_FIELD'],
    [{ createdAt: { seconds: -1, nanoseconds: 0 } }, 'INVALID_FIELD'],
    [{ maximumSizeBytes: 2 ** 60 }, 'INVALID_SIZE'],
    [{ maximumSizeBytes: 0 }, 'INVALID_SIZE'],
    [{ size: { exactBytes: Number.NaN } }, 'INVALID_SIZE'],
    [{ size: { exactBytes: 2 ** 31 }, maximumSizeBytes: 2 ** 30 }, 'INVALID_SIZE'],
  ];
  for (const [options, reason] of cases) {
    await assert.rejects(createDisk(path, { ...OPTIONS, ...options }), { reason });
  }
  await using disk = await createDisk(path, OPTIONS);
  await assert.rejects(createDisk(path, OPTIONS), { code: 'EEXIST' });
  assert.ok(disk);
});
