import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { file, folder, hardLink, repeat, symlink, testRefusals } from './testing/hostile-case.ts';
import { mergeBuffers } from './testing/merge-buffers.ts';
import { buildTar, longName } from './testing/tar-builder.ts';
import { toSource } from './testing/to-source.ts';

testRefusals([
  {
    title: 'a path that climbs out',
    refused: [[file('../etc/passwd')]],
    message: /entry "\.\.\/etc\/passwd": leaves the image by "\.\."/,
    witness: [[file('..etc/passwd..')]],
  },
  {
    title: 'a path that climbs and comes back',
    refused: [[folder('a/'), file('a/../../x')]],
    message: /leaves the image/,
    witness: [[folder('a/'), file('a/.../x')]],
  },
  {
    title: 'an absolute path that climbs',
    refused: [[file('/../../x')]],
    message: /leaves the image/,
    witness: [[file('///x')]],
  },
  {
    title: 'a climbing path hidden in a GNU long name',
    refused: [[longName('L', `${'a/'.repeat(80)}${'../'.repeat(90)}x`), file('short')]],
    message: /leaves the image/,
    witness: [[longName('L', `${'a/'.repeat(80)}x`), file('short')]],
  },
  {
    title: 'a climbing path hidden in a PAX header behind a harmless one (node-tar CVE-2021-32804)',
    refused: [[file('harmless', { pax: [['path', '/..//x']] })]],
    message: /leaves the image/,
    witness: [[file('harmless', { pax: [['path', '//x']] })]],
  },
  {
    title: 'a whiteout that climbs',
    refused: [[file('a')], [file('../.wh.a')]],
    message: /leaves the image/,
    witness: [[file('a')], [file('.wh.a')]],
  },
  {
    title: 'a root replaced by a link, for later layers to follow (umoci CVE-2021-29136)',
    refused: [[symlink('.', '/etc')], [file('passwd')]],
    message: /layer 1 of 2: entry "\.": replaces the root folder by a symlink/,
    witness: [[folder('.')], [file('passwd')]],
  },
  {
    title: 'a root replaced by a file',
    refused: [[file('/')]],
    message: /replaces the root folder by a file/,
    witness: [[folder('/')]],
  },
  {
    title: 'an entry without a name',
    refused: [[file('')]],
    message: /replaces the root folder/,
    witness: [[file('a')]],
  },
  {
    title: 'a hard link to a file outside (node-tar CVE-2026-23745, tar-fs CVE-2024-12905)',
    refused: [[hardLink('a', '../../etc/shadow')]],
    message: /leaves the image/,
    witness: [[file('etc/shadow'), hardLink('a', '/etc/shadow')]],
  },
  {
    title: 'a hard link through a link to outside',
    refused: [[symlink('out', '/etc'), hardLink('a', 'out/shadow')]],
    message: /hard link target "out\/shadow" does not exist/,
    witness: [[symlink('out', '/etc'), file('etc/shadow'), hardLink('a', 'out/shadow')]],
  },
  {
    title: 'a loop of links',
    refused: [[symlink('a', 'b'), symlink('b', 'a'), file('a/x')]],
    message: /passes through too many symbolic links/,
    witness: [[symlink('a', 'b'), symlink('b', 'c'), file('a/x')]],
  },
  {
    title: 'a link to itself',
    refused: [[symlink('a', 'a'), file('a/x')]],
    message: /too many symbolic links/,
    witness: [[symlink('a', 'a')]],
  },
  {
    title: 'a loop that a whiteout would have to go through',
    refused: [[symlink('a', 'a/b')], [file('a/.wh.x')]],
    message: /too many symbolic links|too long symbolic links/,
    witness: [[symlink('a', 'a/b')], [file('.wh.a')]],
  },
  {
    title: 'a chain of links that grows at every step',
    refused: [
      [
        ...repeat(20, (index) =>
          symlink(
            `l${index}`,
            Array(40)
              .fill(`l${index + 1}`)
              .join('/')
              .slice(0, 99),
          ),
        ),
        file('l0/x'),
      ],
    ],
    message: /symbolic links/,
    witness: [[...repeat(20, (index) => symlink(`l${index}`, `l${index + 1}`)), file('l0/x')]],
  },
  {
    title: 'a path through a file',
    refused: [[file('a'), file('a/b')]],
    message: /entry "a\/b": passes through "a", which is a file/,
    witness: [[file('a'), folder('a/'), file('a/b')]],
  },
  {
    title: 'a path through a device',
    refused: [[{ path: 'a', type: '3', device: [1, 5] }, file('a/b')]],
    message: /passes through "a", which is a character/,
    witness: [[{ path: 'a', type: '3', device: [1, 5] }, file('b')]],
  },
  {
    title: 'a symbolic link to nothing',
    refused: [[symlink('a', '')]],
    message: /symbolic link has a target of 0 bytes/,
    witness: [[symlink('a', '.')]],
  },
]);

test('links to outside are only data, and nothing below them leaves the tree', async () => {
  const merged = await mergeBuffers([
    buildTar(symlink('out', '/etc'), symlink('up', '../../../..')),
    buildTar(file('out/passwd'), file('up/up/shadow')),
  ]);
  assert.deepEqual(merged.paths(), ['etc/', 'etc/passwd', 'out', 'shadow', 'up']);
});

test('a folder exchanged for a link between two uses is seen anew (node-tar CVE-2021-32803)', async () => {
  const merged = await mergeBuffers([
    buildTar(folder('a/'), file('a/x'), symlink('a', 'b'), file('a/y'), file('A/z')),
  ]);
  assert.deepEqual(merged.paths(), ['A/', 'A/z', 'a', 'b/', 'b/y']);
});

test('the error names the layer, its digest and the entry', async () => {
  const bad = buildTar(file('fine'), file('dir/../../bad'));
  const digest = `sha256:${createHash('sha256').update(bad).digest('hex')}`;
  await assert.rejects(
    mergeBuffers([buildTar(file('a')), { ...toSource(bad), digest }]),
    (error: Error) => {
      const path = 'dir/../../bad';
      assert.equal(
        error.message,
        `layer 2 of 2 (${digest}): entry "${path}": leaves the image by ".."`,
      );
      assert.deepEqual(Reflect.get(error, 'metadata'), { layer: '1', digest, path });
      assert.ok(error.cause instanceof Error);
      return true;
    },
  );
});

test('a digest that is no digest is refused and shown safely', async () => {
  const source = { ...toSource(buildTar(file('a'))), digest: 'sha256:\x1b[2J' };
  await assert.rejects(mergeBuffers([source]), {
    reason: 'IMAGE_CORRUPT',
    message: /\(sha256:\\x1b\[2J\): has no proper digest/,
  });
});

test("an error in a layer that was read ahead is that layer's", async () => {
  const broken = gzipSync(buildTar(file('b'))).subarray(0, -20);
  await assert.rejects(mergeBuffers([buildTar(file('a')), broken]), /^BangerError: layer 2 of 2/);
  await assert.rejects(
    mergeBuffers([buildTar(file('../a')), broken]),
    /^BangerError: layer 1 of 2/,
  );
});
