import assert from 'node:assert/strict';
import { chmod, link, mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { mergeBuffers } from './testing/merge-buffers.ts';
import { describeFolder, describeTree, readLayout } from './testing/oci-layout.ts';
import { makeFolder, missingTool, runTool } from './testing/run-tool.ts';
import { buildTar, type TarSpec } from './testing/tar-builder.ts';

const isRoot = process.getuid?.() === 0;
const skip = isRoot ? missingTool('umoci') : 'only root can give files owners and make devices';

async function makeLayout(t: TestContext): Promise<{ layout: string; bundle: string }> {
  const folder = await makeFolder(t);
  const layout = join(folder, 'layout');
  runTool('umoci', ['init', '--layout', layout]);
  runTool('umoci', ['new', '--image', `${layout}:t`]);
  return { layout, bundle: join(folder, 'bundle') };
}

/** Asserts that merging gives what umoci unpacks. */
async function compare(t: TestContext, layout: string): Promise<void> {
  const unpacked = join(await makeFolder(t), 'bundle');
  runTool('umoci', ['unpack', '--image', `${layout}:t`, unpacked]);
  const merged = await mergeBuffers(await readLayout(layout));
  assert.deepEqual(describeTree(merged), await describeFolder(join(unpacked, 'rootfs')));
}

test('layers that umoci makes of changes merge to what umoci unpacks', { skip }, async (t) => {
  const { layout, bundle } = await makeLayout(t);
  const rootfs = join(bundle, 'rootfs');
  const at = (path: string) => join(rootfs, path);
  const repack = () =>
    runTool('umoci', ['repack', '--refresh-bundle', '--image', `${layout}:t`, bundle]);
  runTool('umoci', ['unpack', '--image', `${layout}:t`, bundle]);

  await mkdir(at('usr/lib/deep/er'), { recursive: true });
  await mkdir(at('var/cache'), { recursive: true });
  await writeFile(at('usr/lib/file'), 'first');
  await writeFile(at('usr/lib/deep/er/x'), 'x'.repeat(200_000));
  await writeFile(at('var/cache/gone'), 'gone');
  await writeFile(at('turns'), 'a file');
  await link(at('usr/lib/file'), at('hard'));
  await symlink('usr/lib', at('lib'));
  await chmod(at('usr/lib/file'), 0o4755);
  runTool('chown', ['12:34', at('turns')]);
  runTool('mknod', [at('null'), 'c', '1', '3']);
  runTool('mkfifo', [at('pipe')]);
  runTool('chown', ['56:78', at('pipe')]);
  repack();

  await rm(at('var/cache'), { recursive: true });
  await rm(at('usr/lib/deep'), { recursive: true });
  await rm(at('turns'));
  await mkdir(at('turns/into'), { recursive: true });
  await writeFile(at('usr/lib/file'), 'second');
  await mkdir(at('usr/lib/deep'));
  await writeFile(at('usr/lib/deep/new'), 'new');
  repack();

  await rm(at('turns'), { recursive: true });
  await rename(at('hard'), at('moved'));
  await chmod(at('usr'), 0o700);
  repack();

  assert.equal((await readLayout(layout)).length, 3);
  await compare(t, layout);
});

const LAYERS: [title: string, ...layers: TarSpec[][]][] = [
  [
    'whiteouts after and before what they mean',
    [
      { path: 'a/', type: '5', mode: 0o755 },
      { path: 'a/x', content: 'x' },
      { path: 'b', content: 'b' },
    ],
    [
      { path: 'a/y', content: 'y' },
      { path: 'a/.wh.x' },
      { path: '.wh.b' },
      { path: 'c', content: 'c' },
    ],
  ],
  [
    'an opaque mark at the end of its folder',
    [
      { path: 'a/', type: '5', mode: 0o755 },
      { path: 'a/x', content: 'x' },
      { path: 'a/s/', type: '5', mode: 0o755 },
      { path: 'a/s/t', content: 't' },
    ],
    [
      { path: 'a/', type: '5', mode: 0o700 },
      { path: 'a/y', content: 'y' },
      { path: 'a/.wh..wh..opq' },
    ],
  ],
  [
    'entries below a link to a folder',
    [
      { path: 'usr/', type: '5', mode: 0o755 },
      { path: 'usr/lib/', type: '5', mode: 0o755 },
      { path: 'lib', type: '2', linkTarget: '/usr/lib', mode: 0o777 },
    ],
    [
      { path: 'lib/a', content: 'a' },
      { path: 'b', type: '1', linkTarget: 'lib/a' },
    ],
  ],
  [
    'changes of type',
    [
      { path: 'a', content: 'a' },
      { path: 'b/', type: '5', mode: 0o755 },
      { path: 'b/c', content: 'c' },
    ],
    [
      { path: 'a/', type: '5', mode: 0o755 },
      { path: 'a/n', content: 'n' },
      { path: 'b', content: 'file' },
    ],
  ],
];

for (const [title, ...layers] of LAYERS) {
  test(`${title}: handmade layers merge to what umoci unpacks`, { skip }, async (t) => {
    const { layout } = await makeLayout(t);
    const folder = await makeFolder(t);
    for (const [index, specs] of layers.entries()) {
      const path = join(folder, `${index}.tar`);
      await writeFile(path, buildTar(...specs));
      runTool('umoci', ['raw', 'add-layer', '--image', `${layout}:t`, path]);
    }
    await compare(t, layout);
  });
}
