import { execFileSync } from 'node:child_process';
import { copyFileSync, createReadStream, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Image, PullImageRequest } from '#proto/banger/v1/image.ts';
import { pullStart, resultOf } from './long-verb.ts';
import type { VmHouse } from './vm-house.ts';

const TAG = 'latest';
const BUSYBOX = '/usr/bin/busybox';

/**
 * Brings a container image into the house, through the archive that a client would send: the programs of busybox
 * and no init, as Alpine's image has it, with an author's wishes for environment, user and folder.
 */
export async function pullContainerImage(
  { house, images }: VmHouse,
  name: string,
  config: readonly string[],
): Promise<Image> {
  const { archive } = packImage(join(house.folder, name), config);
  async function* messages(): AsyncGenerator<{ part: PullImageRequest['part'] }, void> {
    yield { part: pullStart(`oci-archive:${TAG}`, name) };
    for await (const value of createReadStream(archive)) yield { part: { $case: 'chunk', value } };
  }
  return resultOf(images.pullImage(messages()));
}

/** The same image as a folder and as one file, and its only layer; "layout:latest" is its reference. */
export type PackedImage = { layout: string; archive: string; layer: string };

export function packImage(folder: string, config: readonly string[]): PackedImage {
  const tree = join(folder, 'tree');
  const layer = join(folder, 'layer.tar');
  const layout = join(folder, 'layout');
  const archive = join(folder, 'image.tar');
  const image = `${layout}:${TAG}`;
  makeTree(tree);
  tool('tar', '--owner=0', '--group=0', '-cf', layer, '-C', tree, '.');
  tool('umoci', 'init', '--layout', layout);
  tool('umoci', 'new', '--image', image);
  tool('umoci', 'raw', 'add-layer', '--image', image, layer);
  tool('umoci', 'config', '--image', image, ...config);
  tool('tar', '-cf', archive, '-C', layout, '.');
  return { layout, archive, layer };
}

function makeTree(tree: string): void {
  for (const folder of ['bin', 'etc', 'srv', 'tmp']) {
    mkdirSync(join(tree, folder), { recursive: true, mode: 0o755 });
  }
  copyFileSync(BUSYBOX, join(tree, 'bin/busybox'));
  for (const applet of ['sh', 'echo', 'id', 'pwd', 'uname']) {
    symlinkSync('busybox', join(tree, 'bin', applet));
  }
  const accounts = 'root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000::/home/ann:/bin/sh\n';
  writeFileSync(join(tree, 'etc/passwd'), accounts);
  writeFileSync(join(tree, 'etc/group'), 'root:x:0:\nann:x:1000:\nwheel:x:10:ann\n');
  writeFileSync(join(tree, 'etc/os-release'), 'ID=alpine\n');
}

function tool(file: string, ...args: readonly string[]): void {
  execFileSync(file, args, { stdio: ['ignore', 'ignore', 'inherit'] });
}
