import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile, readlink, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { failsWith } from '#kit/testing/fails-with.ts';
import { until } from '#kit/testing/until.ts';
import { type ImagedProcess, startImaged } from './testing/imaged-process.ts';
import { killAt } from './testing/kill-at.ts';
import { collect, type Pulled } from './testing/pull-client.ts';
import { missingTool, runTool } from './testing/run-tool.ts';
import { makeTemporaryFolder } from './testing/temporary-folder.ts';

async function whyNoApt(): Promise<string | false> {
  const missing = await missingTool('apt-get', 'dpkg-deb', 'mmdebstrap', 'e2fsck', 'debugfs');
  const asked = runTool('apt-get', 'download', '--print-uris', 'busybox-static', 'systemd');
  const [known] = await Promise.allSettled([asked]);
  return missing || (known?.status === 'fulfilled' ? false : 'apt here has no packages');
}

const skip = await whyNoApt();

function build(
  imaged: ImagedProcess,
  recipe: { name: string } | { text: string },
): Promise<Pulled> {
  const wanted =
    'name' in recipe
      ? { $case: 'recipeName' as const, value: recipe.name }
      : { $case: 'recipeText' as const, value: recipe.text };
  return collect(imaged.images.buildImage({ recipe: wanted }));
}

function diskOf({ paths }: ImagedProcess, { image }: Pulled): string {
  return join(paths.state, 'imaged/images', image.id, 'disk.ext4');
}

/** A file of the image, read by another program than ours. */
async function readFromDisk(t: TestContext, disk: string, path: string): Promise<string> {
  const target = join(await makeTemporaryFolder(t), 'file');
  await runTool('debugfs', '-R', `dump ${path} ${target}`, disk);
  return readFile(target, 'utf8');
}

test('busybox is built in seconds, and the same to the byte each time', { skip }, async (t) => {
  const imaged = await startImaged(t);
  const built = await build(imaged, { name: 'busybox' });
  assert.equal(built.image.name, 'busybox');
  await runTool('e2fsck', '-fn', diskOf(imaged, built));
  assert.match(await readFromDisk(t, diskOf(imaged, built), '/etc/os-release'), /ID=busybox/);
  const again = await collect(
    imaged.images.buildImage({
      name: 'again',
      recipe: { $case: 'recipeName', value: 'busybox' },
    }),
  );
  assert.equal(again.image.diskDigest, built.image.diskDigest);
});

test("a recipe of one's own brings its packages, files and commands", { skip }, async (t) => {
  const imaged = await startImaged(t);
  const text = `
name = "small"
base = "debian:bookworm"
packages = ["jq"]
commands = ["echo 'it''s made' > /made"]
[[files]]
path = "/etc/deep/er/motd"
content = "hello"
mode = "0600"
`;
  const built = await build(imaged, { text });
  const disk = diskOf(imaged, built);
  await runTool('e2fsck', '-fn', disk);
  assert.equal(await readFromDisk(t, disk, '/made'), 'its made\n');
  assert.equal(await readFromDisk(t, disk, '/etc/deep/er/motd'), 'hello');
  assert.match(await runTool('debugfs', '-R', 'stat /usr/bin/jq', disk), /Type: regular/);
  assert.match(await runTool('debugfs', '-R', 'stat /etc/deep/er/motd', disk), /Mode: +0600/);
  assert.ok(built.stages.some(({ name, detail }) => name === 'bootstrap' && detail !== ''));
});

test('a command that fails ends the build with what it said, and nothing stays', {
  skip,
}, async (t) => {
  const imaged = await startImaged(t);
  const text = 'name = "bad"\nbase = "debian:bookworm"\ncommands = ["echo so it goes >&2; exit 3"]';
  await assert.rejects(build(imaged, { text }), failsWith('COMMAND_FAILED', /so it goes/));
  assert.deepEqual([await imaged.list('images'), await imaged.list('staging')], [[], []]);
});

test('a build that is killed leaves nothing behind, also not outside of the folders of imaged', {
  skip,
}, async (t) => {
  const imaged = await startImaged(t);
  const outside = async () => {
    const names = (await imaged.list('staging')).filter((name) => name.startsWith('banger-'));
    const staging = join(imaged.paths.state, 'imaged/staging');
    return Promise.all(names.map((name) => readlink(join(staging, name))));
  };
  const recipe = { $case: 'recipeText' as const, value: 'name = "a"\nbase = "debian:bookworm"' };
  let places: string[] = [];
  const isUnpacking = () =>
    until(async () => {
      places = await outside();
      return places.some((place) => readdirSync(place).length > 0);
    });
  const ended = await killAt(
    imaged,
    'bootstrap',
    (onStage) => collect(imaged.images.buildImage({ recipe }), onStage),
    isUnpacking,
  );
  assert.equal(ended.status, 'rejected');
  assert.equal(places.length, 1);
  await until(() => places.every((place) => !existsSync(place)));
  assert.deepEqual([await imaged.list('images'), await imaged.list('staging')], [[], []]);
});

test('where mmdebstrap is missing, the error says how to get it', { skip }, async (t) => {
  const path = join(await makeTemporaryFolder(t), 'bin');
  await mkdir(path);
  for (const tool of ['apt-get', 'dpkg', 'sh']) await symlink(`/usr/bin/${tool}`, join(path, tool));
  const imaged = await startImaged(t, { path });
  await assert.rejects(
    build(imaged, { name: 'debian-bookworm' }),
    failsWith('HOST_NOT_READY', /apt-get install mmdebstrap/),
  );
});

test('debian-bookworm has an init, and the units that slow a machine down are masked', {
  skip,
}, async (t) => {
  const imaged = await startImaged(t);
  const built = await build(imaged, { name: 'debian-bookworm' });
  const disk = diskOf(imaged, built);
  await runTool('e2fsck', '-fn', disk);
  assert.match(built.image.config?.init ?? '', /init|systemd/);
  const masked = await runTool('debugfs', '-R', 'stat /etc/systemd/system/fstrim.timer', disk);
  assert.match(masked, /dev\/null/);
  for (const tool of ['git', 'jq', 'rsync', 'sudo', 'ssh', 'python3']) {
    assert.match(await runTool('debugfs', '-R', `stat /usr/bin/${tool}`, disk), /Inode:/, tool);
  }
});
