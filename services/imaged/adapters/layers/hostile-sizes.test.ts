import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { file, folder, repeat, symlink, testRefusals } from './testing/hostile-case.ts';
import { mergeBuffers } from './testing/merge-buffers.ts';
import { buildTar } from './testing/tar-builder.ts';

/** Leads, by way of two links, to a folder 18 deep. */
const deepLinks = [
  symlink('l', Array(15).fill('a').join('/')),
  folder('l/b/b/b'),
  symlink('m', 'l/b/b/b'),
];

testRefusals([
  {
    title: 'more entries than the limit',
    refused: [repeat(6, (index) => file(`f${index}`)), repeat(5, (index) => file(`g${index}`))],
    message: /layer 2 of 2: entry "g4": image has more than 10 entries/,
    witness: [repeat(6, (index) => file(`f${index}`)), repeat(4, (index) => file(`g${index}`))],
    limits: { entries: 10 },
  },
  {
    title: 'one path many times over, and whiteouts, which count as entries',
    refused: [[...repeat(6, () => file('a')), ...repeat(5, () => file('.wh.a'))]],
    message: /more than 10 entries/,
    witness: [[...repeat(5, () => file('a')), ...repeat(5, () => file('.wh.a'))]],
    limits: { entries: 10 },
  },
  {
    title: 'folders that no entry names, which count as entries',
    refused: [[file('a/b/c/d/e/f/g/h/i/j/k')]],
    message: /more than 10 entries/,
    witness: [[file('a/b/c/d/e/f/g/h/i/k')]],
    limits: { entries: 10 },
  },
  {
    title: 'names and link targets beyond the memory for them',
    refused: [repeat(20, (index) => symlink(`link${index}`, 't'.repeat(90)))],
    message: /more than 1000 bytes of names and attributes/,
    witness: [repeat(9, (index) => symlink(`link${index}`, 't'.repeat(90)))],
    limits: { treeBytes: 1000 },
  },
  {
    title: 'a path that is too long',
    refused: [[file('a', { pax: [['path', `${'d/'.repeat(50)}x`]] })]],
    message: /has a path of 101 bytes/,
    witness: [[file('a', { pax: [['path', `${'d/'.repeat(49)}xx`]] })]],
    limits: { pathBytes: 100 },
  },
  {
    title: 'a name that no file system takes',
    refused: [[file('a', { pax: [['path', `dir/${'n'.repeat(256)}`]] })]],
    message: /has a name of 256 bytes/,
    witness: [[file('a', { pax: [['path', `dir/${'n'.repeat(255)}`]] })]],
  },
  {
    title: 'folders nested too deep',
    refused: [[file(`${'d/'.repeat(20)}x`)]],
    message: /is 21 folders deep/,
    witness: [[file(`${'d/'.repeat(19)}x`)]],
    limits: { pathDepth: 20 },
  },
  {
    title: 'folders nested deeper by way of links',
    refused: [[...deepLinks, file('m/c/c/x')]],
    message: /lies too many folders deep/,
    witness: [[...deepLinks, file('m/c/x')]],
    limits: { pathDepth: 20 },
  },
  {
    title: 'a link target that is too long',
    refused: [[symlink('a', 't'.repeat(51))]],
    message: /symbolic link has a target of 51 bytes/,
    witness: [[symlink('a', 't'.repeat(50))]],
    limits: { linkTargetBytes: 50 },
  },
  {
    title: 'extended attributes beyond the limit',
    refused: [[file('a', { pax: [['SCHILY.xattr.user.a', 'v'.repeat(95)]] })]],
    message: /more than 100 bytes of extended attributes/,
    witness: [[file('a', { pax: [['SCHILY.xattr.user.a', 'v'.repeat(94)]] })]],
    limits: { xattrBytes: 100 },
  },
  {
    title: 'a PAX header beyond the limit',
    refused: [[file('a', { pax: [['comment', 'c'.repeat(5000)]] })]],
    message: /has a header of 50\d\d bytes/,
    witness: [[file('a', { pax: [['comment', 'c'.repeat(3000)]] })]],
    limits: { headerBytes: 4096 },
  },
  {
    title: 'a sparse file that claims more than a disk holds',
    refused: [
      [
        file('a', {
          pax: [
            ['GNU.sparse.size', '9007199254740991'],
            ['GNU.sparse.map', '0,1'],
          ],
        }),
      ],
    ],
    message: /entry "a": claims a size of 9007199254740991 bytes/,
    witness: [
      [
        file('a', {
          pax: [
            ['GNU.sparse.size', '1099511627776'],
            ['GNU.sparse.map', '0,1'],
          ],
        }),
      ],
    ],
  },
]);

test('a thousandfold bomb is refused before it costs anything', async () => {
  const bomb = gzipSync(buildTar(file('bomb', { content: Buffer.alloc(300 * 1024 ** 2) })));
  await assert.rejects(mergeBuffers([bomb]), {
    reason: 'IMAGE_CORRUPT',
    message: /entry "bomb": expands to more than 250 times its size/,
  });
});
