import { createHash } from 'node:crypto';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '#kit/exec.ts';

export type LayoutSize = { files: number; bytes: number };

export type OciLayout = {
  /** An OCI layout with one image, "bench". */
  folder: string;
  /** The same as one file. */
  archive: string;
  /** The compressed layers, lowest first. */
  layers: readonly string[];
};

const TIMEOUT_MS = 15 * 60_000;
const LAYERS = 3;
const POOL_BYTES = 8 * 2 ** 20;

/** Makes an image of so many files, in three gzip layers, as umoci packs them. The same sizes give the same files. */
export async function makeOciLayout(scratch: string, size: LayoutSize): Promise<OciLayout> {
  const folder = join(scratch, 'layout');
  const image = `${folder}:bench`;
  await tool('umoci', 'init', '--layout', folder);
  await tool('umoci', 'new', '--image', image);
  const layers: string[] = [];
  for (let layer = 0; layer < LAYERS; layer += 1) {
    const tree = join(scratch, 'tree');
    const tar = join(scratch, 'layer.tar');
    writeTree(tree, layer, { files: size.files / LAYERS, bytes: size.bytes / LAYERS });
    const plain = ['--sort=name', '--owner=0', '--group=0', '--mtime=@0'];
    await tool('tar', '-C', tree, ...plain, '-cf', tar, '.');
    rmSync(tree, { recursive: true });
    await tool('umoci', 'raw', 'add-layer', '--image', image, tar);
    rmSync(tar);
    layers.push(await newestLayer(folder));
  }
  const archive = join(scratch, 'image.tar');
  await tool('tar', '-C', folder, '-cf', archive, '.');
  return { folder, archive, layers };
}

async function newestLayer(folder: string): Promise<string> {
  const shown = await tool('skopeo', 'inspect', '--raw', `oci:${folder}:bench`);
  const manifest = JSON.parse(shown) as { layers: { digest: string }[] };
  return join(folder, 'blobs/sha256', manifest.layers.at(-1)?.digest.split(':')[1] ?? '');
}

/** Folders of a hundred files each, most of them small, as in a distribution; the largest have a thousandth of all. */
function writeTree(root: string, layer: number, { files, bytes }: LayoutSize): void {
  const pool = makePool(layer);
  mkdirSync(join(root, 'sbin'), { recursive: true });
  writeFileSync(join(root, 'sbin/init'), '#!/bin/sh\n', { mode: 0o755 });
  const weights = Array.from({ length: Math.round(files) }, (_, index) => 1 / (1 + (index % 50)));
  const unit = bytes / weights.reduce((sum, weight) => sum + weight, 0);
  for (const [index, weight] of weights.entries()) {
    const folder = join(root, `usr/lib/layer-${layer}`, `part-${Math.floor(index / 100)}`);
    if (index % 100 === 0) mkdirSync(folder, { recursive: true });
    const start = (index * 7919 * 64) % (POOL_BYTES / 2);
    const content = pool.subarray(start, start + Math.min(weight * unit, POOL_BYTES / 2));
    writeFileSync(join(folder, `file-${index}`), content);
  }
}

/** Text and noise in turns, which compresses to about two fifths, as programs and their data do. */
function makePool(seed: number): Buffer {
  const pool = Buffer.alloc(POOL_BYTES);
  for (let at = 0; at < POOL_BYTES; at += 64) {
    const hash = createHash('sha512').update(`${seed} ${at}`).digest();
    const text = Buffer.from(hash.subarray(0, 8).toString('hex').repeat(4));
    (at % 256 < 64 ? hash : text).copy(pool, at);
  }
  return pool;
}

function tool(file: string, ...args: string[]): Promise<string> {
  const { signal } = new AbortController();
  return run(file, args, { signal, timeoutMs: TIMEOUT_MS });
}
