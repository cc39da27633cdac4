import { createReadStream } from 'node:fs';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { TreeNode } from '../../../domain/file-tree.ts';
import type { LayerSource } from '../layer-source.ts';
import type { MergedTree } from './merge-buffers.ts';

type Descriptor = { digest: string; size: number; mediaType: string };

/** The layers of a layout's only image, with all that its manifest and config claim of them. */
export async function readLayout(folder: string): Promise<LayerSource[]> {
  const blob = (digest: string) => join(folder, 'blobs', digest.replace(':', '/'));
  const readJson = async (path: string) => JSON.parse(await readFile(path, 'utf8'));
  const index: { manifests: Descriptor[] } = await readJson(join(folder, 'index.json'));
  const [manifestOf] = index.manifests as [Descriptor];
  const manifest: { config: Descriptor; layers: Descriptor[] } = await readJson(
    blob(manifestOf.digest),
  );
  const config: { rootfs: { diff_ids: string[] } } = await readJson(blob(manifest.config.digest));
  return manifest.layers.map(({ digest, size, mediaType }, at) => ({
    digest,
    mediaType,
    sizeBytes: size,
    diffId: config.rootfs.diff_ids[at] as string,
    open: () => createReadStream(blob(digest)),
  }));
}

/** One line a path, of what a merged tree holds. Times only to the second, and device sizes not at all. */
export function describeTree(merged: MergedTree): string[] {
  const lines: string[] = [];
  for (const [path, node] of merged.entries()) {
    const bytes = Buffer.from(path, 'latin1').toString('utf8');
    lines.push(
      [
        bytes,
        node.kind,
        node.mode.toString(8),
        node.uid,
        node.gid,
        node.mtime.seconds,
        detail(merged, path, node),
      ].join(' '),
    );
  }
  return lines.sort();
}

function detail(merged: MergedTree, path: string, node: TreeNode): string {
  if (node.kind === 'file') return merged.text(path);
  if (node.kind === 'symlink') return node.target.toString();
  return node.kind === 'character' || node.kind === 'block' ? `${node.major}:${node.minor}` : '';
}

/** The same of a folder on disk. It walks by itself: Node's recursive readdir follows links. */
export async function describeFolder(folder: string): Promise<string[]> {
  const lines: string[] = [];
  const pending = [''];
  for (let parent = pending.pop(); parent !== undefined; parent = pending.pop()) {
    for (const name of await readdir(join(folder, parent))) {
      const path = join(parent, name);
      const stat = await lstat(join(folder, path));
      if (stat.isDirectory()) pending.push(path);
      const mode = (stat.mode & 0o7777).toString(8);
      const seconds = Math.floor(stat.mtimeMs / 1000);
      const [kind, rest] = await describeFile(join(folder, path), stat);
      lines.push([path, kind, mode, stat.uid, stat.gid, seconds, rest].join(' '));
    }
  }
  return lines.sort();
}

async function describeFile(path: string, stat: Awaited<ReturnType<typeof lstat>>) {
  if (stat.isFile()) return ['file', (await readFile(path)).toString('latin1')] as const;
  if (stat.isSymbolicLink()) return ['symlink', await readlink(path)] as const;
  if (stat.isDirectory()) return ['directory', ''] as const;
  if (stat.isFIFO()) return ['fifo', ''] as const;
  // Linux's st_rdev: 8 low bits of the minor number, 12 of the major, the rest of the minor.
  const device = Number(stat.rdev);
  const minor = (device & 0xff) | ((device >> 12) & 0xfff00);
  const kind = stat.isCharacterDevice() ? 'character' : 'block';
  return [kind, `${(device >> 8) & 0xfff}:${minor}`] as const;
}
