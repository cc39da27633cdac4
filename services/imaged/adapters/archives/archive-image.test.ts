import assert from 'node:assert/strict';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { parseSource } from '../../domain/image-source.ts';
import { hostPlatform } from '../../domain/platform.ts';
import type { SourceImage } from '../../domain/source-image.ts';
import { dockerMembers, ociMembers, writeTar } from '../../testing/archive-fixture.ts';
import { makeImage } from '../../testing/image-fixture.ts';
import { readLayers } from '../../testing/read-layer.ts';
import { missingTool, runTool } from '../../testing/run-tool.ts';
import { makeTar } from '../../testing/tar-bytes.ts';
import { makeTemporaryFolder } from '../../testing/temporary-folder.ts';
import { makeUmociLayout } from '../../testing/umoci-layout.ts';
import { type ArchiveOptions, findArchiveImage, openArchiveImage } from './archive-image.ts';

const skip = await missingTool('umoci', 'skopeo', 'tar');
const IMAGE = makeImage();

async function options(t: TestContext): Promise<ArchiveOptions> {
  const signal = new AbortController().signal;
  return {
    platform: hostPlatform(process.arch),
    scratchFolder: await makeTemporaryFolder(t),
    signal,
  };
}

async function open(t: TestContext, text: string): Promise<SourceImage> {
  const source = parseSource(text);
  assert.ok(
    source.kind === 'oci' || source.kind === 'oci-archive' || source.kind === 'docker-archive',
  );
  const image = await openArchiveImage(source, await options(t));
  t.after(() => image[Symbol.asyncDispose]());
  return image;
}

test('gives the same image as a folder, as an archive and compressed', { skip }, async (t) => {
  const folder = await makeTemporaryFolder(t);
  const layout = await makeUmociLayout(folder, 'v1');
  const archive = join(folder, 'image.tar');
  await runTool('tar', '-cf', archive, '-C', layout, '.');
  await writeFile(`${archive}.gz`, gzipSync(await readFile(archive)));
  await writeFile(`${archive}.zst`, zstdCompressSync(await readFile(archive)));
  const whole = await open(t, `oci:${layout}:v1`);
  assert.deepEqual(whole.config.entrypoint, ['/bin/tool']);
  assert.equal(whole.layers.length, 2);
  for (const spelling of [
    `oci:${layout}`,
    ...['', '.gz', '.zst'].map((end) => `oci-archive:${archive}${end}:v1`),
  ]) {
    const image = await open(t, spelling);
    assert.equal(image.manifestDigest, whole.manifestDigest);
    assert.deepEqual(image.config, whole.config);
    assert.deepEqual(
      await readLayers(image),
      whole.layers.map(({ digest }) => digest),
    );
  }
});

test('reads what skopeo writes as oci-archive and as docker-archive', { skip }, async (t) => {
  const folder = await makeTemporaryFolder(t);
  const layout = await makeUmociLayout(folder, 'v1');
  const whole = await open(t, `oci:${layout}`);
  const copy = ['--insecure-policy', 'copy', `oci:${layout}:v1`];
  await runTool('skopeo', ...copy, `oci-archive:${folder}/oci.tar:v1`);
  await runTool('skopeo', ...copy, `docker-archive:${folder}/docker.tar:team/app:v1`);
  const oci = await open(t, `oci-archive:${folder}/oci.tar:v1`);
  assert.deepEqual(
    await readLayers(oci),
    whole.layers.map(({ digest }) => digest),
  );
  for (const end of ['', ':team/app:v1', ':docker.io/team/app:v1']) {
    const docker = await open(t, `docker-archive:${folder}/docker.tar${end}`);
    assert.deepEqual(docker.config, whole.config);
    const diffIds = whole.layers.map(({ diffId }) => diffId);
    assert.deepEqual(
      docker.layers.map(({ diffId }) => diffId),
      diffIds,
    );
    assert.deepEqual(await readLayers(docker), diffIds);
  }
});

test('leaves nothing where it expanded an archive', async (t) => {
  const folder = await makeTemporaryFolder(t);
  const path = join(folder, 'image.tar.gz');
  await writeFile(path, gzipSync(makeTar(ociMembers(IMAGE))));
  const given = await options(t);
  const source = { kind: 'oci-archive', path, tag: undefined } as const;
  await using image = await openArchiveImage(source, given);
  assert.deepEqual(await readdir(given.scratchFolder), []);
  assert.equal((await readLayers(image)).length, 2);
});

test('refuses an archive that expands beyond all measure', async (t) => {
  const folder = await makeTemporaryFolder(t);
  const path = join(folder, 'bomb.tar.gz');
  await writeFile(path, gzipSync(Buffer.alloc(1 << 20)));
  const given = { ...(await options(t)), limits: { expandedBytes: 1000, ratio: 200 } };
  await assert.rejects(openArchiveImage({ kind: 'oci-archive', path, tag: undefined }, given), {
    reason: 'IMAGE_CORRUPT',
    message: /expands to more than 1000 bytes/,
  });
  assert.deepEqual(await readdir(given.scratchFolder), []);
});

test('refuses what is no archive, or a cut one, saying so', async (t) => {
  const folder = await makeTemporaryFolder(t);
  const gz = gzipSync(makeTar(ociMembers(IMAGE)));
  const tar = makeTar(ociMembers(IMAGE));
  const files: [string, Buffer, RegExp][] = [
    ['text', Buffer.from('hello '.repeat(200)), /is not a tar file/],
    ['cut.gz', gz.subarray(0, gz.length / 2), /cannot be decompressed/],
    ['cut.zst', zstdCompressSync(tar).subarray(0, 5000), /cannot be decompressed/],
    ['cut.tar', tar.subarray(0, 60_000), /it is cut short/],
    ['empty', Buffer.alloc(0), /has no "oci-layout"/],
  ];
  for (const [name, bytes, message] of files) {
    const path = join(folder, name);
    await writeFile(path, bytes);
    await assert.rejects(open(t, `oci-archive:${path}`), { reason: 'IMAGE_CORRUPT', message });
  }
  for (const path of [folder, join(folder, 'nothing'), '/dev/null']) {
    await assert.rejects(open(t, `oci-archive:${path}`), { reason: 'INVALID_FIELD' }, path);
  }
});

test('stops reading a layer when it is told to', async (t) => {
  const path = await writeTar(await makeTemporaryFolder(t), ociMembers(IMAGE));
  const stop = new AbortController();
  const given = { ...(await options(t)), signal: stop.signal };
  await using image = await openArchiveImage({ kind: 'oci-archive', path, tag: undefined }, given);
  stop.abort(new Error('enough'));
  await assert.rejects(readLayers(image), { message: 'enough' });
});

test('tells by itself which kind of archive came over standard input', async (t) => {
  const folder = await makeTemporaryFolder(t);
  const given = await options(t);
  const oci = ociMembers(IMAGE);
  const docker = dockerMembers(IMAGE, []);
  const kinds: [string, Buffer, number | undefined][] = [
    ['oci', makeTar(oci), 2],
    ['docker', makeTar(docker), 2],
    ['both', makeTar([...oci, ...docker]), 2],
    ['root', makeTar([{ name: 'etc/hostname', content: Buffer.from('x') }]), undefined],
  ];
  for (const [name, bytes, layers] of kinds) {
    const path = join(folder, name);
    await writeFile(path, bytes);
    const image = await findArchiveImage(path, given);
    assert.equal(image && (await readLayers(image)).length, layers, name);
    await image?.[Symbol.asyncDispose]();
  }
});

test('keeps no file open once it is disposed of', async (t) => {
  const path = await writeTar(await makeTemporaryFolder(t), ociMembers(IMAGE));
  const openFiles = async (): Promise<number> => (await readdir('/proc/self/fd')).length;
  assert.ok((await stat(path)).isFile());
  const before = await openFiles();
  for (let round = 0; round < 5; round++) {
    await using image = await openArchiveImage(
      { kind: 'oci-archive', path, tag: undefined },
      await options(t),
    );
    assert.equal((await readLayers(image)).length, 2);
    const missing = { kind: 'oci-archive', path, tag: 'no' } as const;
    await assert.rejects(openArchiveImage(missing, await options(t)), {
      reason: 'IMAGE_NOT_FOUND',
    });
  }
  assert.equal(await openFiles(), before);
});
