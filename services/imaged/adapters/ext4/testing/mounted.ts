import {
  type BigIntStats,
  closeSync,
  lstatSync,
  openSync,
  readdirSync,
  readlinkSync,
  readSync,
} from 'node:fs';
import { mkdtemp, readFile, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { missingTool, runTool } from '../../../testing/run-tool.ts';
import type { Description, Entry } from './describe.ts';

/** Why images cannot be mounted here; false when they can. */
export async function missingMounts(): Promise<string | false> {
  if (process.getuid?.() !== 0) return 'mounting an image needs root';
  const [loop] = await Promise.allSettled([runTool('losetup', '--find')]);
  if (loop?.status === 'rejected') return 'there is no free loop device';
  return missingTool('python3');
}

/** Mounts an image for the rest of the test. */
export function mount(t: TestContext, image: string, how: 'ro' | 'rw' = 'ro'): Promise<string> {
  return mountWith(t, '-o', `loop,${how}`, image);
}

/** Mounts a file system in memory that fills up soon. */
export function mountMemory(t: TestContext, sizeMib: number): Promise<string> {
  return mountWith(t, '-t', 'tmpfs', '-o', `size=${sizeMib}m`, 'tmpfs');
}

async function mountWith(t: TestContext, ...what: string[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'banger-mount-'));
  t.after(async () => {
    await unmount(folder);
    await rmdir(folder);
  });
  await runTool('mount', ...what, folder);
  return folder;
}

/**
 * Also before the end of a test, when the image is needed again. A process with a mount namespace of its own that
 * began meanwhile has a copy of the mount, and the kernel writes the rest only when the last one goes.
 */
export async function unmount(folder: string): Promise<void> {
  const mounts = await readFile('/proc/self/mounts', 'utf8');
  if (!mounts.includes(` ${folder} `)) return;
  const device = new RegExp(`^/dev/(loop\\d+) ${folder} `, 'm').exec(mounts)?.[1];
  const backing = `/sys/block/${device}/loop/backing_file`;
  const file = device === undefined ? undefined : await readFile(backing, 'utf8');
  await runTool('umount', folder);
  const deadline = performance.now() + 30_000;
  while (file !== undefined && (await isBackedBy(backing, file))) {
    if (performance.now() > deadline) throw new Error(`${device} still holds ${file.trim()}`);
    await setTimeout(20);
  }
}

async function isBackedBy(backing: string, file: string): Promise<boolean> {
  try {
    return (await readFile(backing, 'utf8')) === file;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}

/** What the kernel makes of a mounted image. */
export async function describeMount(folder: string): Promise<Description> {
  const description: Description = {};
  const xattrs = await readAllXattrs(folder);
  for (const path of eachPath(folder)) {
    const stats = lstatSync(toHost(folder, path), { bigint: true });
    description[path] = describeEntry(folder, path, stats, xattrs[path] ?? {});
  }
  return description;
}

function toHost(folder: string, path: string): Buffer {
  return Buffer.concat([Buffer.from(folder), Buffer.from(path, 'latin1')]);
}

function* eachPath(folder: string): Generator<string> {
  yield '/';
  const folders = [''];
  for (const path of folders) {
    const entries = readdirSync(toHost(folder, path || '/'), {
      encoding: 'buffer',
      withFileTypes: true,
    });
    for (const entry of entries) {
      const child = `${path}/${entry.name.toString('latin1')}`;
      yield child;
      if (entry.isDirectory()) folders.push(child);
    }
  }
}

function describeEntry(
  folder: string,
  path: string,
  stats: BigIntStats,
  xattrs: Record<string, string>,
): Entry {
  const kind = kindOf(stats);
  const seconds = stats.mtimeNs / 1_000_000_000n;
  const floor = stats.mtimeNs < seconds * 1_000_000_000n ? seconds - 1n : seconds;
  return {
    kind,
    mode: (stats.mode & 0o7777n).toString(8),
    owner: `${stats.uid}:${stats.gid}`,
    mtime: `${floor}.${String(stats.mtimeNs - floor * 1_000_000_000n).padStart(9, '0')}`,
    links: Number(stats.nlink),
    xattrs,
    body: describeBody(toHost(folder, path), kind, stats),
  };
}

function kindOf(stats: BigIntStats): string {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'directory';
  if (stats.isSymbolicLink()) return 'symlink';
  if (stats.isCharacterDevice()) return 'character';
  if (stats.isBlockDevice()) return 'block';
  return stats.isFIFO() ? 'fifo' : 'socket';
}

function describeBody(host: Buffer, kind: string, stats: BigIntStats): string {
  if (kind === 'file') return `${stats.size} ${digestFile(host, Number(stats.size))}`;
  if (kind === 'symlink') return readlinkSync(host, { encoding: 'buffer' }).toString('latin1');
  if (kind !== 'character' && kind !== 'block') return '';
  const device = Number(stats.rdev);
  const major = (device >>> 8) & 0xfff;
  return `${major}:${((device >>> 12) & 0xfff00) | (device & 0xff)}`;
}

function digestFile(host: Buffer, bytes: number): string {
  const chunk = Buffer.allocUnsafe(Math.min(bytes + 1, 1024 * 1024));
  const file = openSync(host, 'r');
  let digest = 0;
  try {
    for (let got = chunk.length; got > 0; digest = crc32(chunk.subarray(0, got), digest)) {
      got = readSync(file, chunk);
    }
  } finally {
    closeSync(file);
  }
  return digest.toString(16);
}

const LIST_XATTRS = `
import json, os, sys
root = os.fsencode(sys.argv[1])
def read(path):
    names = os.listxattr(path, follow_symlinks=False)
    return {os.fsencode(n).decode('latin1'): os.getxattr(path, n, follow_symlinks=False).hex() for n in sorted(names)}
found = {'/': read(root)}
for folder, folders, files in os.walk(root):
    for name in folders + files:
        path = os.path.join(folder, name)
        values = read(path)
        if values: found[path[len(root):].decode('latin1')] = values
print(json.dumps(found))
`;

/** Node has no call for them. */
async function readAllXattrs(folder: string): Promise<Record<string, Record<string, string>>> {
  return JSON.parse(await runTool('python3', '-c', LIST_XATTRS, folder));
}
