import type { ContentWriter, DirectoryNode, FileTree, TreeNode } from '../../domain/file-tree.ts';
import type { ReadBudget } from './read-budget.ts';
import { copyContent } from './read-content.ts';
import { readDirectory } from './read-directory.ts';
import { corrupt, type ImageFile } from './read-image.ts';
import { type ImageInode, readInode } from './read-inode.ts';
import { readTarget } from './read-target.ts';
import { readXattrs } from './read-xattrs.ts';

type Copy = {
  image: ImageFile;
  contents: ContentWriter;
  budget: ReadBudget;
  nodes: Map<number, TreeNode>;
};

/** Copies a folder and all below it: file contents to the writer, the rest into a tree. */
export async function readTree(
  image: ImageFile,
  root: number,
  contents: ContentWriter,
  budget: ReadBudget,
): Promise<FileTree> {
  const copy: Copy = { image, contents, budget, nodes: new Map() };
  const top = await readNode(copy, root);
  if (top.kind !== 'directory') throw corrupt(`inode "${root}" is not a folder`);
  const folders: { node: DirectoryNode; inode: number }[] = [{ node: top, inode: root }];
  for (const folder of folders) {
    const children = await readDirectory(image, await readInode(image, folder.inode), budget);
    // Records of inodes lie in the order of their numbers; a large folder's names lie in any.
    for (const [name, inode] of [...children].sort(([, a], [, b]) => a - b)) {
      const node = await childNode(copy, inode);
      folder.node.children.set(name, node);
      if (node.kind === 'directory') folders.push({ node, inode });
    }
  }
  return { root: top };
}

/** A folder that turns up again would be a loop. */
async function childNode(copy: Copy, inode: number): Promise<TreeNode> {
  const known = copy.nodes.get(inode);
  if (known?.kind === 'directory') throw corrupt(`folder "${inode}" has two names`);
  return known ?? (await readNode(copy, inode));
}

async function readNode(copy: Copy, inode: number): Promise<TreeNode> {
  const found = await readInode(copy.image, inode);
  const { mode, uid, gid, mtime } = found;
  const xattrs = await readXattrs(copy.image, found);
  const attributes = { mode, uid, gid, mtime, ...(xattrs && { xattrs }) };
  const node: TreeNode = { ...attributes, ...(await readKind(copy, found)) };
  copy.nodes.set(inode, node);
  return node;
}

/** What the node has because of its kind. */
async function readKind(copy: Copy, inode: ImageInode) {
  switch (inode.kind) {
    case 'directory':
      return { kind: inode.kind, children: new Map<string, TreeNode>() };
    case 'file': {
      const content = await copyContent(copy.image, inode, copy.contents, copy.budget);
      return { kind: inode.kind, content };
    }
    case 'symlink':
      return { kind: inode.kind, target: await readTarget(copy.image, inode) };
    case 'character':
    case 'block':
      return { kind: inode.kind, ...readDevice(inode.body) };
    default:
      return { kind: inode.kind };
  }
}

function readDevice(body: Buffer): { major: number; minor: number } {
  const short = body.readUInt16LE(0);
  if (short !== 0) return { major: short >>> 8, minor: short & 0xff };
  const long = body.readUInt32LE(4);
  return { major: (long >>> 8) & 0xfff, minor: ((long >>> 12) & ~0xff) | (long & 0xff) };
}
