import { BangerError } from '#kit/errors.ts';
import type { DirectoryNode, Timestamp, TreeNode } from '../../domain/file-tree.ts';
import { FIRST_FREE_INODE, ROOT_INODE } from './format.ts';

/** Every node of a tree in the order of its inode, the root first. */
export type Census = {
  nodes: TreeNode[];
  inodes: Map<TreeNode, number>;
  /** How many names lead to each of `nodes`. */
  links: number[];
  /** The inode of the folder that each folder is in. */
  parents: Map<DirectoryNode, number>;
  lastInode: number;
};

const RESCUE_FOLDER = 'lost+found';

/** Numbered folder by folder: what lies together in the tree lies together on the disk. */
export function takeCensus(root: DirectoryNode): Census {
  const census: Census = {
    nodes: [],
    inodes: new Map(),
    links: [],
    parents: new Map(),
    lastInode: FIRST_FREE_INODE - 1,
  };
  const folders = [root];
  addFolder(census, root, ROOT_INODE);
  for (const folder of folders) {
    const inode = census.inodes.get(folder) as number;
    for (const child of folder.children.values()) {
      if (child.kind !== 'directory') addName(census, child);
      else {
        addFolder(census, child, inode);
        folders.push(child);
      }
    }
  }
  return census;
}

export function inodeAt(index: number): number {
  return index === 0 ? ROOT_INODE : FIRST_FREE_INODE - 1 + index;
}

/** e2fsck wants a folder to put what it finds into; it never makes the file system larger itself. */
export function withRescueFolder(root: DirectoryNode, createdAt: Timestamp): DirectoryNode {
  const present = root.children.get(RESCUE_FOLDER);
  if (present?.kind === 'directory') return root;
  if (present !== undefined) {
    throw new BangerError('FEATURE_UNSUPPORTED', `"/${RESCUE_FOLDER}" is not a folder`);
  }
  const folder: DirectoryNode = {
    kind: 'directory',
    mode: 0o700,
    uid: 0,
    gid: 0,
    mtime: createdAt,
    children: new Map(),
  };
  return { ...root, children: new Map([[RESCUE_FOLDER, folder], ...root.children]) };
}

/** A folder has a name, its own `.`, and the `..` of every folder in it. */
function addFolder(census: Census, folder: DirectoryNode, parent: number): void {
  if (census.inodes.has(folder)) {
    throw new BangerError('INTERNAL', 'a folder stands in two places of the tree');
  }
  add(census, folder, 2);
  census.parents.set(folder, parent);
  if (census.nodes.length > 1) addLink(census, parent);
}

function addName(census: Census, node: TreeNode): void {
  const known = census.inodes.get(node);
  if (known === undefined) add(census, node, 1);
  else addLink(census, known);
}

function add(census: Census, node: TreeNode, links: number): void {
  const inode = census.nodes.length === 0 ? ROOT_INODE : ++census.lastInode;
  census.inodes.set(node, inode);
  census.nodes.push(node);
  census.links.push(links);
}

function addLink(census: Census, inode: number): void {
  const index = inode === ROOT_INODE ? 0 : inode - FIRST_FREE_INODE + 1;
  census.links[index] = (census.links[index] ?? 0) + 1;
}
