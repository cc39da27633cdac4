import type { Content, DirectoryNode, FileTree, TreeNode } from '../../../domain/file-tree.ts';
import { DigestContents, type Plan, writeTree } from './trees.ts';

/** Everything that has to be equal, by path; paths and names have one character a byte. */
export type Description = Record<string, Entry>;
export type Entry = {
  kind: string;
  mode: string;
  owner: string;
  mtime: string;
  links: number;
  xattrs: Record<string, string>;
  /** Size and digest, link target or device number. */
  body: string;
};

export async function describePlan(plan: Plan): Promise<Description> {
  const contents = new DigestContents();
  return describeTree({ root: await writeTree(plan, contents) }, contents.digests);
}

export function describeTree(tree: FileTree, digests: Map<Content, string>): Description {
  const links = countLinks(tree.root);
  const description: Description = {};
  for (const [path, node] of eachNode(tree.root)) {
    description[path] = {
      kind: node.kind,
      mode: node.mode.toString(8),
      owner: `${node.uid}:${node.gid}`,
      mtime: `${node.mtime.seconds}.${String(node.mtime.nanoseconds).padStart(9, '0')}`,
      links: links.get(node) ?? 0,
      xattrs: describeXattrs(node.xattrs),
      body: describeBody(node, digests),
    };
  }
  return description;
}

export function describeXattrs(
  xattrs: ReadonlyMap<string, Buffer> | undefined,
): Record<string, string> {
  const sorted = [...(xattrs ?? [])].sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(sorted.map(([name, value]) => [name, value.toString('hex')]));
}

function describeBody(node: TreeNode, digests: Map<Content, string>): string {
  switch (node.kind) {
    case 'file':
      return `${node.content.sizeBytes} ${digests.get(node.content)}`;
    case 'symlink':
      return node.target.toString('latin1');
    case 'character':
    case 'block':
      return `${node.major}:${node.minor}`;
    default:
      return '';
  }
}

function* eachNode(root: DirectoryNode): Generator<[path: string, node: TreeNode]> {
  const folders: [string, DirectoryNode][] = [['', root]];
  yield ['/', root];
  for (const [path, folder] of folders) {
    for (const [name, child] of folder.children) {
      yield [`${path}/${name}`, child];
      if (child.kind === 'directory') folders.push([`${path}/${name}`, child]);
    }
  }
}

function countLinks(root: DirectoryNode): Map<TreeNode, number> {
  const links = new Map<TreeNode, number>();
  for (const [, node] of eachNode(root)) {
    if (node.kind !== 'directory') links.set(node, (links.get(node) ?? 0) + 1);
    else {
      const folders = [...node.children.values()].filter(({ kind }) => kind === 'directory');
      links.set(node, folders.length + 2 > 65_000 ? 1 : folders.length + 2);
    }
  }
  return links;
}
