import assert from 'node:assert/strict';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { gzipSync } from 'node:zlib';
import { BangerError } from '#kit/errors.ts';
import { failsWith } from '#kit/testing/fails-with.ts';
import { openImage } from './adapters/ext4/image.ts';
import { file, hardLink, symlink } from './adapters/layers/testing/hostile-case.ts';
import { buildTar, type TarSpec } from './adapters/layers/testing/tar-builder.ts';
import { digestOf } from './domain/digest.ts';
import { hostPlatform } from './domain/platform.ts';
import { change, dockerMembers, ociMembers, writeTar } from './testing/archive-fixture.ts';
import {
  describe,
  type ImageFixture,
  makeImage,
  makeIndex,
  OCI_INDEX,
  OCI_MANIFEST,
} from './testing/image-fixture.ts';
import { type ImagedProcess, startImaged } from './testing/imaged-process.ts';
import { pull } from './testing/pull-client.ts';
import { missingTool, runTool } from './testing/run-tool.ts';
import { startScriptedRegistry } from './testing/scripted-registry.ts';
import { makeSystemImage } from './testing/system-image.ts';
import { makeTemporaryFolder } from './testing/temporary-folder.ts';

const VM = '0123456789abcdef';
const MIB = 2 ** 20;
const { architecture } = hostPlatform(process.arch);
const TAR = 'application/vnd.oci.image.layer.v1.tar';

/** An image of one layer, with what its manifest says of that. */
function imageOf(layer: Buffer, mediaType = TAR): ImageFixture {
  return makeImage({
    layers: [layer],
    architecture,
    manifest: { layers: [describe(layer, mediaType)] },
  });
}

const tarOf = (...specs: TarSpec[]) => imageOf(buildTar(...specs));
const gzipOf = (bytes: Buffer) => imageOf(bytes, `${TAR}+gzip`);

/** A path of any length, which a plain header has no room for. */
const long = (path: string): TarSpec => file('short', { pax: [['path', path]] });

const sized = (bytes: string) =>
  file('sized', { patch: (block) => block.write(bytes, 124, 12, 'latin1') });

const LAYER = 'layer 1 of 1 \\(sha256:[0-9a-f]{64}\\):';

type Refused = readonly [title: string, image: ImageFixture, message: RegExp];

function refusedOnes(outside: string): readonly Refused[] {
  const climbing = `${'../'.repeat(9)}${outside.slice(1)}`;
  return [
    ['a path that climbs out', tarOf(long(`${climbing}/x`)), /entry "\.\.\/.*leaves the image/],
    [
      'a root that becomes a link',
      tarOf(symlink('/', outside), file('x')),
      /entry "\/?": replaces/,
    ],
    [
      'a root "." that becomes one',
      tarOf(symlink('.', outside), file('x')),
      /entry "\.": replaces/,
    ],
    ['a hard link to outside', tarOf(hardLink('h', `${climbing}/secret`)), /entry "h": .*leaves/],
    [
      'a hard link by way of a link to outside',
      tarOf(symlink('out', outside), hardLink('h', 'out/secret')),
      /entry "h": .*does not exist/,
    ],
    [
      'a loop of links',
      tarOf(symlink('a', 'b'), symlink('b', 'a'), file('a/x')),
      /entry "a\/x": .*too many symbolic links/,
    ],
    ['a NUL in a PAX name', tarOf(long('a\0b')), /entry "pax": PAX header has a NUL in a name/],
    [
      'a negative size',
      tarOf(sized('\xff'.repeat(12))),
      /entry "sized": size in the header is negative/,
    ],
    [
      'a huge size',
      tarOf(sized('\x80\0\0\0\0\x0f\xff\xff\xff\xff\xff\xff')),
      /entry "sized": claims a size of/,
    ],
    ['a path that is too deep', tarOf(long(`${'d/'.repeat(2000)}x`)), /entry "d\/.* folders deep/],
    [
      'a bomb of a thousand to one',
      gzipOf(gzipSync(buildTar(file('bomb', { content: Buffer.alloc(300 * MIB) })))),
      /entry "bomb": expands to more than/,
    ],
    [
      'a gzip that is cut short',
      gzipOf(gzipSync(buildTar(file('a'))).subarray(0, -12)),
      /cut short/,
    ],
    ['a layer of another type', gzipOf(buildTar(file('a'))), /gzip/],
    ['a layer that is no tar', imageOf(Buffer.from('<html>'.repeat(500))), /no tar archive/],
  ];
}

/** A folder with something in it that no image may touch. */
async function makeOutside(t: TestContext): Promise<string> {
  const outside = join(await makeTemporaryFolder(t), 'outside');
  await mkdir(outside);
  await writeFile(join(outside, 'secret'), 'as it was');
  return outside;
}

async function assertUntouched(imaged: ImagedProcess, outside: string): Promise<void> {
  assert.deepEqual(await readdir(outside), ['secret']);
  assert.equal(await readFile(join(outside, 'secret'), 'utf8'), 'as it was');
  const { state, cache } = imaged.paths;
  assert.deepEqual([await readdir(state), await imaged.list('staging')], [['imaged'], []]);
  assert.ok((await readdir(cache)).every((name) => name === 'imaged'));
}

test('hostile layers are refused with the layer and the entry, and touch nothing', async (t) => {
  const outside = await makeOutside(t);
  const imaged = await startImaged(t);
  const folder = await makeTemporaryFolder(t);
  for (const [title, image, message] of refusedOnes(outside)) {
    await t.test(title, async () => {
      const path = await writeTar(folder, ociMembers(image));
      const pulling = pull(imaged, { source: 'oci-archive:', name: 'hostile' }, { path });
      await assert.rejects(pulling, (error) => {
        assert.ok(error instanceof BangerError && error.reason === 'IMAGE_CORRUPT', String(error));
        assert.match(error.message, new RegExp(`^${LAYER} `));
        assert.match(error.message, message);
        return true;
      });
      await assertUntouched(imaged, outside);
    });
  }
  assert.deepEqual(await imaged.list('images'), []);
});

test('what only looks hostile ends up inside of the image', {
  skip: await missingTool('e2fsck'),
}, async (t) => {
  const outside = await makeOutside(t);
  const imaged = await startImaged(t);
  const image = tarOf(
    file(`${outside}/absolute`, { content: 'a' }),
    symlink('out', outside),
    file('out/linked', { content: 'l' }),
    symlink('up', '../../../../../..'),
    file('up/climbed', { content: 'c' }),
    { path: 'null', type: '3', device: [1, 3] },
    { path: 'disk', type: '4', device: [8, 0] },
    ...['first', 'second', 'last'].map((content) => file('twice', { content })),
  );
  const path = await writeTar(await makeTemporaryFolder(t), ociMembers(image));
  await pull(imaged, { source: 'oci-archive:', name: 'odd' }, { path });
  const { diskPath } = await imaged.images.leaseImage({ vmId: VM, image: 'odd' });
  await runTool('e2fsck', '-fn', diskPath);
  await using disk = await openImage(diskPath);
  const contents = {
    [`${outside}/absolute`]: 'a',
    [`${outside}/linked`]: 'l',
    '/climbed': 'c',
    '/twice': 'last',
  };
  for (const [name, content] of Object.entries(contents)) {
    assert.equal((await disk.findFile(name, 100))?.toString(), content, name);
  }
  await assertUntouched(imaged, outside);
});

/** Valid JSON of 100 MiB, so that nothing but its size is wrong. */
const HUGE = Buffer.concat([makeSystemImage().manifest, Buffer.alloc(100 * MIB, ' ')]);

test('a manifest of 100 MiB is refused by a registry before it takes memory', async (t) => {
  const registry = await startScriptedRegistry(t);
  const index = makeIndex([
    { ...describe(HUGE, OCI_MANIFEST), platform: { os: 'linux', architecture } },
  ]);
  registry.addManifest('app', 'sized', HUGE, OCI_MANIFEST);
  registry.addManifest('app', 'unsized', HUGE, OCI_MANIFEST);
  registry.addManifest('app', 'indexed', index, OCI_INDEX);
  registry.script = (request, response) => {
    if (!request.url?.endsWith('/unsized')) return undefined;
    response.writeHead(200, { 'content-type': OCI_MANIFEST });
    response.end(HUGE);
    return true;
  };
  const imaged = await startImaged(t);
  for (const tag of ['sized', 'unsized', 'indexed']) {
    const pulling = pull(imaged, { source: `docker://${registry.host}/app:${tag}` });
    await assert.rejects(pulling, failsWith('IMAGE_CORRUPT', /more than 4194304|longer than/), tag);
  }
  assert.ok((await imaged.peakMib()) < 250);
  assert.deepEqual([await imaged.list('images'), await imaged.list('staging')], [[], []]);
});

test('a manifest of 100 MiB is refused in an archive before it takes memory', async (t) => {
  const image = makeSystemImage();
  const imaged = await startImaged(t);
  const folder = await makeTemporaryFolder(t);
  const huge = { ...image, manifest: HUGE, digest: digestOf(HUGE) };
  const archives = [
    ['oci-archive:', ociMembers(huge)],
    ['oci-archive:', change(ociMembers(image), { 'index.json': HUGE })],
    ['docker-archive:', change(dockerMembers(image, ['a:v1']), { 'manifest.json': HUGE })],
  ] as const;
  for (const [source, members] of archives) {
    const path = await writeTar(folder, members);
    const pulling = pull(imaged, { source, name: 'huge' }, { path });
    await assert.rejects(pulling, failsWith('IMAGE_CORRUPT', /4194304/));
  }
  assert.ok((await imaged.peakMib()) < 250);
  assert.deepEqual([await imaged.list('images'), await imaged.list('staging')], [[], []]);
});
