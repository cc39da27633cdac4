import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type PackedImage, packImage } from '../../integration/oci-image.ts';
import { create, RUN } from '../machine.ts';
import { pure, type Scenario } from '../scenario.ts';
import type { Smoke } from '../smoke.ts';

type Image = { name: string; diskDigest: string; managed: boolean };

/** An image of busybox without an init, where the user of the scenario can read it. */
function pack(smoke: Smoke, ...config: readonly string[]): PackedImage {
  const folder = smoke.makeFolder();
  const packed = packImage(join(folder, 'image'), config);
  execFileSync('chmod', ['-R', 'a+rX', folder]);
  return packed;
}

/** Makes an image that goes with the scenario, under the name of its machine. */
async function pull(smoke: Smoke, ...words: readonly string[]): Promise<string> {
  const { vm } = smoke;
  await smoke.ok('image', 'pull', ...words, '--name', vm);
  smoke.after(() => smoke.user.banger('image', 'delete', vm));
  return vm;
}

/** Boots it once: what came of the source is a system that runs. */
async function assertRuns(smoke: Smoke, image: string): Promise<void> {
  const { vm } = smoke;
  const words = [...RUN, '--image', image, '--name', vm, '--rm', '--'];
  assert.match(await smoke.ok(...words, 'uname', '-a'), new RegExp(`^Linux ${vm} `));
}

export const imageScenarios: readonly Scenario[] = [
  pure('image_oci_layout', 'an image from an OCI layout in a folder boots', async (smoke) => {
    await assertRuns(smoke, await pull(smoke, `oci:${pack(smoke).layout}:latest`));
  }),

  pure('image_oci_archive', 'an image from an OCI archive boots', async (smoke) => {
    await assertRuns(smoke, await pull(smoke, `oci-archive:${pack(smoke).archive}`));
  }),

  pure('image_docker_archive', 'an image as docker save writes it boots', async (smoke) => {
    const file = join(smoke.makeFolder(), 'saved.tar');
    const source = `oci:${pack(smoke).layout}:latest`;
    const target = `docker-archive:${file}:smoke:latest`;
    execFileSync('skopeo', ['--insecure-policy', 'copy', '--quiet', source, target]);
    execFileSync('chmod', ['a+r', file]);
    await assertRuns(smoke, await pull(smoke, `docker-archive:${file}`));
  }),

  pure('image_tar', 'a plain tar of a root file system boots', async (smoke) => {
    await assertRuns(smoke, await pull(smoke, `tar:${pack(smoke).layer}`));
  }),

  pure('image_stdin', 'an archive from a pipe boots', async (smoke) => {
    const { vm } = smoke;
    const input = readFileSync(pack(smoke).archive);
    smoke.after(() => smoke.user.banger('image', 'delete', vm));
    const { code, stderr } = await smoke.bangerWith(
      { input },
      ...['image', 'pull', '-', '--name', vm],
    );
    assert.equal(code, 0, stderr);
    await assertRuns(smoke, vm);
  }),

  pure(
    'image_register',
    'a disk of one’s own boots where it lies, and once it is taken over',
    async (smoke) => {
      const { vm, user } = smoke;
      const { layer } = pack(smoke);
      smoke.write('tree/note', 'mine');
      const [tree, disk] = [smoke.path('tree'), smoke.path('own.ext4')];
      await user.run('tar', '-C', tree, '-xf', layer);
      await user.run('mkdir', '-p', `${tree}/root`);
      await user.run('mkfs.ext4', '-q', '-d', tree, disk, '24M');
      smoke.after(() => user.banger('image', 'delete', vm));
      const sum = () => createHash('sha256').update(readFileSync(disk)).digest('hex');
      const before = sum();
      const registered = await smoke.json<Image>('image', 'register', vm, disk);
      assert.equal(registered.managed, false);
      const words = [...RUN, '--image', vm, '--name', vm, '--rm', '--', 'sh', '-c'];
      assert.equal(await smoke.ok(...words, 'echo x >/new; cat /note'), 'mine');
      assert.equal(sum(), before);
      assert.equal((await smoke.json<Image>('image', 'promote', vm)).managed, true);
      await user.run('rm', disk);
      assert.equal(await smoke.ok(...words, 'cat /note'), 'mine');
    },
  ),

  pure(
    'image_bundle',
    'an image is exported and comes back the same; another digest is refused',
    async (smoke) => {
      const { user } = smoke;
      const image = await pull(smoke, `tar:${pack(smoke).layer}`);
      const copy = smoke.vmNamed('copy');
      smoke.write('.keep', '');
      const bundle = smoke.path('bundle.tar.zst');
      await smoke.ok('image', 'export', image, '-o', bundle);
      smoke.after(() => user.banger('image', 'delete', copy));
      const wrong = ['--name', copy, '--digest', `sha256:${'0'.repeat(64)}`];
      await smoke.refused(/sha256:0000/, 'image', 'import', bundle, ...wrong);
      const imported = await smoke.json<Image>('image', 'import', bundle, '--name', copy);
      const original = await smoke.json<Image>('image', 'show', image);
      assert.equal(imported.diskDigest, original.diskDigest);
      assert.equal(await smoke.ok('image', 'verify', copy), `${copy}: whole\n`);
    },
  ),

  pure('no_init', 'an image without an init runs as its author wished', async (smoke) => {
    const { vm } = smoke;
    const wishes = ['--config.env', 'COLOUR=blue', '--config.user', 'ann'];
    const { archive } = pack(smoke, ...wishes, '--config.workingdir', '/srv');
    const image = await pull(smoke, `oci-archive:${archive}`);
    await create(smoke, '--image', image);
    assert.equal(await smoke.guest(vm, 'echo $COLOUR; pwd; id -un'), 'blue\n/srv\nann\n');
    await smoke.ok('vm', 'stop', vm);
    await smoke.ok('vm', 'delete', vm);
  }),

  pure('image_in_use', 'an image that a machine is made of cannot be deleted', async (smoke) => {
    const { id } = await create(smoke, '--no-start');
    await smoke.refused(new RegExp(`in use by.*${id}`), 'image', 'delete', 'busybox');
    assert.match(await smoke.ok('image', 'list', '--format', 'name'), /^busybox$/m);
  }),

  pure('image_refused', 'what is no image is refused, and nothing is made', async (smoke) => {
    const { vm } = smoke;
    const junk = smoke.write('junk.tar', 'this is no archive');
    await smoke.refused(/./, 'image', 'pull', `oci-archive:${junk}`, '--name', vm);
    await smoke.refused(/missing\.tar/, 'image', 'pull', 'tar:missing.tar', '--name', vm);
    await smoke.refused(/debian-bookworm/, 'image', 'build', 'debian-bookwrom');
    assert.ok(!(await smoke.ok('image', 'list', '--format', 'name')).split('\n').includes(vm));
  }),

  pure(
    'kernel_in_use',
    'the kernel is shown, and stays while a machine boots it',
    async (smoke) => {
      const { id } = await create(smoke, '--no-start');
      const kernels = await smoke.json<{ name: string; release: string }[]>('kernel', 'list');
      const kernel = kernels[0] ?? { name: '', release: '' };
      assert.match(kernel.release, /^\d+\.\d+/);
      await smoke.refused(new RegExp(`in use by.*${id}`), 'kernel', 'delete', kernel.name);
    },
  ),
];
