import { BangerError } from '#kit/errors.ts';
import type { DirectoryNode, Timestamp, TreeNode } from '../../domain/file-tree.ts';
import { printableName } from '../../domain/printable-name.ts';
import { inodeAt } from './census.ts';
import { FILE_TYPES, MODE_TYPE } from './format.ts';
import { bodyOf, encodeInode, inodeSeed } from './inode.ts';
import type { InodeTable } from './inode-table.ts';
import { type BodyStore, storeBody } from './store-body.ts';
import { encodeXattrs } from './xattrs.ts';

/** `seed` starts all checksums of the file system. */
export type NodeStore = BodyStore & { table: InodeTable; seed: number; createdAt: Timestamp };

const MAX_LINKS = 65_000;
const MAX_ID = 2 ** 32 - 1;

/** Stores what nodes have beside file contents, and their inodes. */
export async function writeNodes(store: NodeStore): Promise<void> {
  const { nodes } = store.census;
  for (const [index, node] of nodes.entries()) {
    try {
      await writeNode(store, index, node);
    } catch (error) {
      throw withPath(error, nodes[0] as DirectoryNode, node);
    }
  }
}

async function writeNode(store: NodeStore, index: number, node: TreeNode): Promise<void> {
  const inode = inodeAt(index);
  const slot = await store.table.slot(inode);
  const seed = inodeSeed(store.seed, inode);
  const body = bodyOf(slot);
  const stored = await storeBody(store, node, body, seed);
  const xattrs = node.xattrs === undefined ? {} : encodeXattrs(node.xattrs, store.seed);
  const xattrBlock = xattrs.inBlock && (await store.contents.storeBlock(xattrs.inBlock));
  const record = {
    ...stored,
    blocks: stored.blocks + (xattrBlock === undefined ? 0 : 1),
    mode: FILE_TYPES[node.kind].mode | (node.mode & ~MODE_TYPE),
    uid: parseId(node.uid),
    gid: parseId(node.gid),
    mtime: node.mtime,
    createdAt: store.createdAt,
    links: diskLinks(node, store.census.links[index] ?? 0),
    xattrs: xattrs.inInode,
    xattrBlock,
  };
  encodeInode(slot, record, seed);
}

function parseId(id: number): number {
  if (id >= 0 && id <= MAX_ID) return id;
  throw new BangerError('FEATURE_UNSUPPORTED', `its owner "${id}" has more than 32 bits`);
}

/** `dir_nlink`: the links of a folder that has too many of them are no longer counted. */
function diskLinks(node: TreeNode, links: number): number {
  if (links <= MAX_LINKS) return links;
  if (node.kind === 'directory') return 1;
  throw new BangerError('FEATURE_UNSUPPORTED', `it has "${links}" names`);
}

/** Says which node cannot be stored; a full disk is nobody's fault in particular. */
function withPath(error: unknown, root: DirectoryNode, node: TreeNode): unknown {
  if (!(error instanceof BangerError) || error.reason === 'DISK_FULL') return error;
  const path = findPath(root, node) ?? '';
  const message = `${printableName(path)} cannot be stored on a disk: ${error.message}`;
  return new BangerError(error.reason, message, { cause: error, metadata: { path } });
}

function findPath(root: DirectoryNode, node: TreeNode): string | undefined {
  const folders: { folder: DirectoryNode; path: string }[] = [{ folder: root, path: '' }];
  if (node === root) return '/';
  for (const { folder, path } of folders) {
    for (const [name, child] of folder.children) {
      const childPath = `${path}/${name}`;
      if (child === node) return childPath;
      if (child.kind === 'directory') folders.push({ folder: child, path: childPath });
    }
  }
  return undefined;
}
