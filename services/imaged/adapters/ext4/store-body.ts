import { BangerError } from '#kit/errors.ts';
import type {
  Content,
  DeviceNode,
  DirectoryNode,
  SymlinkNode,
  TreeNode,
} from '../../domain/file-tree.ts';
import { printableName } from '../../domain/printable-name.ts';
import type { Census } from './census.ts';
import type { Contents } from './contents.ts';
import { encodeDirectory } from './directory.ts';
import { storeExtents } from './extents.ts';
import {
  BLOCK_BYTES,
  FILE_TYPES,
  INODE_BODY_BYTES,
  INODE_EXTENTS,
  INODE_HASHED_DIRECTORY,
} from './format.ts';
import type { DirectoryEntry } from './leaf.ts';
import type { HashWords } from './name-hash.ts';

/** What a node's body is made from and where its blocks go. */
export type BodyStore = { census: Census; contents: Contents; hashSeed: HashWords };

/** The part of an inode that depends on the kind of its node. */
export type StoredBody = { sizeBytes: number; blocks: number; flags: number };

const NO_BLOCKS: StoredBody = { sizeBytes: 0, blocks: 0, flags: 0 };
const MAX_NAME_BYTES = 255;
const MAX_TARGET_BYTES = BLOCK_BYTES - 1;

/** Fills `body`, the pointers of the inode, and stores all they lead to. `seed` is the inode's. */
export async function storeBody(
  store: BodyStore,
  node: TreeNode,
  body: Buffer,
  seed: number,
): Promise<StoredBody> {
  switch (node.kind) {
    case 'file':
      return storeContent(store, node.content, body, seed);
    case 'directory':
      return storeDirectory(store, node, body, seed);
    case 'symlink':
      return storeSymlink(store, node, body, seed);
    case 'character':
    case 'block':
      return storeDevice(node, body);
    default:
      return NO_BLOCKS;
  }
}

async function storeContent(
  { contents }: BodyStore,
  { sizeBytes, runs }: Content,
  body: Buffer,
  seed: number,
): Promise<StoredBody> {
  const nodes = await storeExtents(body, runs, seed, contents);
  const blocks = runs.reduce((sum, run) => sum + run.blocks, nodes);
  return { sizeBytes, blocks, flags: INODE_EXTENTS };
}

async function storeDirectory(
  store: BodyStore,
  node: DirectoryNode,
  body: Buffer,
  seed: number,
): Promise<StoredBody> {
  const { census, contents, hashSeed } = store;
  const inode = census.inodes.get(node) ?? 0;
  const parent = census.parents.get(node) ?? inode;
  const entries = [...node.children].map(([name, child]) => toEntry(census, name, child));
  const { sizeBytes, isTree, blocks } = encodeDirectory({ inode, parent, seed }, entries, hashSeed);
  const content = await contents.store(sizeBytes, blocks);
  const stored = await storeContent(store, content, body, seed);
  return isTree ? { ...stored, flags: stored.flags | INODE_HASHED_DIRECTORY } : stored;
}

function toEntry(census: Census, name: string, child: TreeNode): DirectoryEntry {
  const unusable = name === '' || name === '.' || name === '..' || /[/\0]|[^\0-\xff]/.test(name);
  if (unusable) throw new BangerError('IMAGE_CORRUPT', `it holds the name ${printableName(name)}`);
  if (name.length > MAX_NAME_BYTES) {
    throw new BangerError('FEATURE_UNSUPPORTED', `it holds a name of "${name.length}" bytes`);
  }
  return { name, inode: census.inodes.get(child) ?? 0, type: FILE_TYPES[child.kind].entry };
}

/** A target that fits stands in the inode itself: a fast link. */
async function storeSymlink(
  store: BodyStore,
  { target }: SymlinkNode,
  body: Buffer,
  seed: number,
): Promise<StoredBody> {
  if (target.length === 0 || target.includes(0)) {
    throw new BangerError('IMAGE_CORRUPT', 'its target is empty or contains a zero byte');
  }
  if (target.length > MAX_TARGET_BYTES) {
    throw new BangerError('FEATURE_UNSUPPORTED', `its target has "${target.length}" bytes`);
  }
  if (target.length < INODE_BODY_BYTES) {
    target.copy(body);
    return { ...NO_BLOCKS, sizeBytes: target.length };
  }
  const content = await store.contents.store(target.length, [target]);
  return storeContent(store, content, body, seed);
}

/** The old form of a device number is the first word; what is too large for it goes to the second. */
function storeDevice({ major, minor }: DeviceNode, body: Buffer): StoredBody {
  if (major > 0xfff || minor > 0xfffff) {
    throw new BangerError('FEATURE_UNSUPPORTED', `it is device "${major}:${minor}"`);
  }
  if (major <= 0xff && minor <= 0xff) body.writeUInt32LE((major << 8) | minor, 0);
  else body.writeUInt32LE(((minor & 0xff) | (major << 8) | ((minor & ~0xff) << 12)) >>> 0, 4);
  return NO_BLOCKS;
}
