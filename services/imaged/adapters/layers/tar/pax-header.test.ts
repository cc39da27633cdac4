import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readEntries } from '../testing/read-entries.ts';
import { buildTar, paxData, type TarSpec } from '../testing/tar-builder.ts';
import { parsePaxHeader } from './pax-header.ts';

function parse(...records: NonNullable<TarSpec['pax']>) {
  return parsePaxHeader(paxData(records));
}

test('a PAX header amends the entry after it', async () => {
  const pax: TarSpec['pax'] = [
    ['path', Buffer.from('long/\xe4', 'latin1')],
    ['uid', '100000'],
    ['gid', '4294967295'],
    ['mtime', '1700000000.123456789'],
    ['uname', 'somebody'],
    ['hdrcharset', 'BINARY'],
    ['comment', 'no effect'],
  ];
  const [entry] = await readEntries(buildTar({ path: 'short', content: 'text', pax }));
  assert.equal(entry?.path, 'long/\xe4');
  assert.deepEqual([entry?.uid, entry?.gid, entry?.content], [100000, 4294967295, 'text']);
  assert.deepEqual(entry?.mtime, { seconds: 1700000000, nanoseconds: 123456789 });
});

test('a PAX size replaces the one in the header', async () => {
  const spec = { path: 'a', content: 'x'.repeat(600), size: 0, pax: [['size', '600']] } as const;
  const entries = await readEntries(buildTar(spec, { path: 'b' }));
  assert.deepEqual(
    entries.map(({ content }) => content.length),
    [600, 0],
  );
});

test('times have a fraction, and may lie before 1970', () => {
  const time = (text: string) => parse(['mtime', text]).mtime;
  assert.deepEqual(time('12'), { seconds: 12, nanoseconds: 0 });
  assert.deepEqual(time('12.'), { seconds: 12, nanoseconds: 0 });
  assert.deepEqual(time('0.5'), { seconds: 0, nanoseconds: 500_000_000 });
  assert.deepEqual(time('1.0000000019'), { seconds: 1, nanoseconds: 1 });
  assert.deepEqual(time('-1.25'), { seconds: -2, nanoseconds: 750_000_000 });
  assert.deepEqual(time('-3'), { seconds: -3, nanoseconds: 0 });
});

test('extended attributes keep their bytes, in the forms of star and libarchive', () => {
  const value = Buffer.from([1, 0, 10, 255]);
  const pax = parse(
    ['SCHILY.xattr.security.capability', value],
    ['LIBARCHIVE.xattr.user.a%3Db', value.toString('base64')],
    ['SCHILY.xattr.user.empty', ''],
  );
  assert.deepEqual(
    [...(pax.xattrs ?? [])],
    [
      ['security.capability', value],
      ['user.a=b', value],
      ['user.empty', Buffer.alloc(0)],
    ],
  );
});

test('the last of several records holds, and an empty one changes nothing', () => {
  assert.equal(parse(['path', 'a'], ['path', 'b']).path, 'b');
  assert.equal(parse(['path', 'a'], ['path', '']).path, 'a');
});

test("a global header gives defaults, which an entry's own override", async () => {
  const entries = await readEntries(
    buildTar(
      {
        type: 'g',
        content: paxData([
          ['uid', '7'],
          ['mtime', '5.5'],
          ['comment', 'a commit'],
        ]),
      },
      { path: 'a', uid: 1 },
      { path: 'b', uid: 1, pax: [['uid', '9']] },
    ),
  );
  assert.deepEqual(
    entries.map(({ uid }) => uid),
    [7, 9],
  );
  assert.deepEqual(
    entries.map(({ mtime }) => mtime.nanoseconds),
    [500_000_000, 500_000_000],
  );
});

test('a global header that names or measures all entries is refused', async () => {
  for (const record of [
    ['path', 'x'],
    ['size', '1'],
    ['linkpath', 'x'],
    ['GNU.sparse.major', '1'],
  ] as const) {
    const archive = buildTar({ type: 'g', content: paxData([record]) }, { path: 'a' });
    await assert.rejects(readEntries(archive), /global PAX header sets/);
  }
});

test('malformed records are refused', () => {
  const malformed = [
    '5 a=b',
    '6 a=bc',
    '7 a=b\n',
    '5 a=b\n',
    'x a=b\n',
    '-6 a=b\n',
    ' 6 a=b\n',
    '6  a=b\n',
    '5 =b\n',
    '4 a\n',
    '5 ab\n',
    '6 a=b\n\0\0',
    '99999999999999999999 a=b\n',
    '3 a=b\n',
    '0 a=b\n',
    '6 a=b\n1',
    '1e1 a=bbb\n',
    '6',
  ];
  for (const text of malformed) {
    assert.throws(
      () => parsePaxHeader(Buffer.from(text)),
      { reason: 'IMAGE_CORRUPT' },
      JSON.stringify(text),
    );
  }
  assert.deepEqual(parsePaxHeader(Buffer.from('6 a=b\n')), {});
});

test('NULs, negative and huge numbers are refused', () => {
  assert.throws(() => parse(['path', 'etc/passwd\0.txt']), /NUL in a name/);
  assert.throws(() => parse(['linkpath', 'a\0b']), /NUL in a name/);
  assert.throws(() => parse(['GNU.sparse.name', 'a\0b']), /NUL in a name/);
  assert.throws(() => parse(['pa\0th', 'a']), /NUL in a key/);
  assert.throws(() => parse(['SCHILY.xattr.', 'a']), /no proper name/);
  assert.throws(() => parse(['LIBARCHIVE.xattr.user.a%00', 'YQ==']), /no proper name/);
  for (const size of [
    '-1',
    '+1',
    '1e3',
    '0x10',
    ' 1',
    '9007199254740992',
    '9'.repeat(400),
    '1.5',
    'NaN',
  ]) {
    assert.throws(() => parse(['size', size]), /size that is not a size/, size);
    assert.throws(() => parse(['uid', size]), /uid that is not a size/, size);
  }
  for (const time of [' 1', '1e9', 'NaN', '1'.repeat(16), '--1', '1.2.3', '1.-5', '.5']) {
    assert.throws(() => parse(['mtime', time]), /mtime/, time);
  }
});
