import { corrupt } from '../../domain/corrupt.ts';
import type { DirectoryNode, TreeNode } from '../../domain/file-tree.ts';
import { printableName } from '../../domain/printable-name.ts';
import type { Limits } from './limits.ts';

/** Answers for a name that is not there: a new folder, or undefined to give up. */
export type MissingFolder = (parent: DirectoryNode, name: string) => DirectoryNode | undefined;

/**
 * Goes from the root down through folders, as the kernel would in a process that has the image for
 * its root: symbolic links are followed, absolute ones and `..` count from the root and can not leave
 * it. Layers rely on this (one has `lib -> usr/lib`, a later one `lib/x`). There is no file system
 * behind it: the walk moves over nodes in memory and has nowhere else to go.
 */
export function walkFolders(
  root: DirectoryNode,
  names: readonly string[],
  limits: Limits,
  missing: MissingFolder,
): DirectoryNode | undefined {
  const folders = [root];
  const pending = names.toReversed();
  let hops = 0;
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (name === '' || name === '.') continue;
    if (name === '..') {
      if (folders.length > 1) folders.pop();
      continue;
    }
    const folder = folders.at(-1) as DirectoryNode;
    const child: TreeNode | undefined = folder.children.get(name) ?? missing(folder, name);
    if (child === undefined) return undefined;
    if (child.kind === 'directory') {
      folders.push(child);
      if (folders.length > limits.pathDepth) throw corrupt('lies too many folders deep');
    } else if (child.kind === 'symlink') {
      if (++hops > limits.linkHops) throw corrupt('passes through too many symbolic links');
      if (child.target[0] === SLASH) folders.length = 1;
      pushTarget(pending, child.target, limits);
    } else {
      throw corrupt(`passes through ${printableName(name)}, which is a ${child.kind}`);
    }
  }
  return folders.at(-1);
}

const SLASH = 0x2f;

/** The bound on what is still to go keeps a chain of long links from costing time out of proportion. */
function pushTarget(pending: string[], target: Buffer, limits: Limits): void {
  pending.push(...target.toString('latin1').split('/').reverse());
  if (pending.length > limits.pathDepth) throw corrupt('passes through too long symbolic links');
}
