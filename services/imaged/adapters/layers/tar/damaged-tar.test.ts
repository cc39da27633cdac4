import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readEntries } from '../testing/read-entries.ts';
import { buildEntry, buildTar, longName, type TarSpec } from '../testing/tar-builder.ts';

const REFUSED: [title: string, archive: Buffer, message: RegExp][] = [
  ['a damaged header', damaged(buildTar({ path: 'a' }), 0), /^header checksum/],
  [
    'a damaged second header',
    damaged(buildTar({ path: 'first' }, { path: 'b' }), 512),
    /^after entry "first": header checksum/,
  ],
  ['something that is no archive', Buffer.from('<html>'.repeat(200)), /no tar archive/],
  ['half a header', buildTar({ path: 'a' }).subarray(0, 300), /cut short at byte 300/],
  [
    'half the contents',
    buildEntry({ path: 'a', content: 'x'.repeat(900) }).subarray(0, 1000),
    /entry "a": archive is cut short/,
  ],
  [
    'contents without their padding',
    buildEntry({ path: 'a', content: 'x' }).subarray(0, 600),
    /cut short/,
  ],
  [
    'half a PAX header',
    buildEntry({ path: 'a', pax: [['path', 'p'.repeat(900)]] }).subarray(0, 1000),
    /cut short/,
  ],
  [
    'a PAX header with nothing after it',
    buildTar({ type: 'x', content: '9 path=a\n' }),
    /where an entry should follow/,
  ],
  [
    'a long name with nothing after it',
    buildTar(longName('L', 'a')),
    /where an entry should follow/,
  ],
  [
    'data after the end',
    Buffer.concat([buildTar({ path: 'a' }), buildTar({ path: 'hidden' })]),
    /data after its end/,
  ],
  [
    'one zero block between entries',
    Buffer.concat([buildEntry({ path: 'a' }), Buffer.alloc(512), buildTar({ path: 'b' })]),
    /data after its end/,
  ],
  [
    'an unknown type',
    buildTar({ path: 'a', type: 'Q' }),
    /entry "a": has entry type 0x51, which is unknown/,
  ],
  ['a continued volume', buildTar({ path: 'a', type: 'M' }), /entry type 0x4d/],
  [
    'a negative size',
    patched(124, '\xff'.repeat(12)),
    /^entry "file": size in the header is negative/,
  ],
  [
    'a size beyond counting',
    patched(124, '\x80\xff'.padEnd(12, '\xff')),
    /^entry "file": size in the header is too large/,
  ],
  [
    'a huge size',
    patched(124, '\x80\0\0\0\0\x0f\xff\xff\xff\xff\xff\xff'),
    /entry "file": claims a size of \d+ bytes/,
  ],
  [
    'a size that is no number',
    patched(124, '12345abcdef\0'),
    /^entry "file": size in the header is not a number/,
  ],
  [
    'a negative owner',
    patched(108, '\xff'.repeat(8)),
    /^entry "file": user id in the header is negative/,
  ],
  [
    'an owner beyond 32 bits',
    patched(116, '\x80\0\0\x01\0\0\0\0'),
    /owner 4294967296 is out of range/,
  ],
  [
    "a device number beyond Linux's",
    buildTar({ type: '3', device: [4096, 0] }),
    /device number 4096:0/,
  ],
  [
    'a long name beyond all bounds',
    buildTar(longName('L', 'n'.repeat(2 * 1024 ** 2)), {}),
    /has a header of 2097153 bytes/,
  ],
];

for (const [title, archive, message] of REFUSED) {
  test(`${title} is refused, however the bytes are cut`, async () => {
    for (const chunkBytes of [1024 ** 2, 512, 97]) {
      await assert.rejects(readEntries(archive, { chunkBytes }), {
        reason: 'IMAGE_CORRUPT',
        message,
      });
    }
  });
}

test('the same archives without the damage are read', async () => {
  const archive = buildTar(
    { path: 'a', content: 'x'.repeat(900) },
    { path: 'b', pax: [['uid', '4294967295']] },
    longName('L', 'c'),
    {
      type: '3',
      device: [4095, 2 ** 20 - 1],
    },
  );
  assert.equal((await readEntries(archive)).length, 3);
});

test('a path in an error shows no control characters', async () => {
  const hostile = '\x1b[2Jx\u202e\n"';
  const spec: TarSpec = { type: 'Q', pax: [['path', hostile]] };
  await assert.rejects(readEntries(buildTar(spec)), (error: Error) => {
    assert.match(error.message, /^entry "\\x1b\[2Jx\\u\{202e\}\\x0a\\"": /);
    return true;
  });
});

function damaged(archive: Buffer, at: number): Buffer {
  archive[at] = (archive[at] as number) ^ 0x20;
  return archive;
}

function patched(at: number, bytes: string): Buffer {
  return buildTar({ patch: (block) => void block.write(bytes, at, 'latin1') });
}
