import assert from 'node:assert/strict';
import type { FileTree, TreeNode } from '../../../domain/file-tree.ts';
import type { LayerSource } from '../layer-source.ts';
import { type MergeOptions, mergeLayers } from '../merge-layers.ts';
import { MemoryContents } from './memory-contents.ts';
import { toSource } from './to-source.ts';

/** Merges layers that are in memory, and checks that the writer was left with exactly the tree's contents. */
export async function mergeBuffers(
  layers: readonly (Buffer | LayerSource)[],
  options?: MergeOptions,
): Promise<MergedTree> {
  const contents = new MemoryContents();
  const sources = layers.map((layer) => (Buffer.isBuffer(layer) ? toSource(layer) : layer));
  const tree = await mergeLayers(sources, contents, options);
  const merged = new MergedTree(tree, contents);
  merged.verifyContents();
  return merged;
}

export class MergedTree {
  readonly tree: FileTree;
  readonly #contents: MemoryContents;

  constructor(tree: FileTree, contents: MemoryContents) {
    this.tree = tree;
    this.#contents = contents;
  }

  /** The node at a path, without following links. */
  get(path: string): TreeNode {
    let node: TreeNode = this.tree.root;
    for (const name of path.split('/').filter((part) => part !== '')) {
      const child: TreeNode | undefined =
        node.kind === 'directory' ? node.children.get(name) : undefined;
      assert.ok(child, `${path} is not in the tree`);
      node = child;
    }
    return node;
  }

  text(path: string): string {
    const node = this.get(path);
    assert.ok(node.kind === 'file', `${path} is a ${node.kind}`);
    return this.#contents.read(node.content).toString('latin1');
  }

  /** All paths, sorted, folders with a slash at the end. */
  paths(): string[] {
    return [...this.entries()]
      .map(([path, node]) => (node.kind === 'directory' ? `${path}/` : path))
      .sort();
  }

  *entries(): Generator<[path: string, node: TreeNode]> {
    const pending: [string, TreeNode][] = [...this.tree.root.children];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const [path, node] = next;
      yield next;
      if (node.kind !== 'directory') continue;
      for (const [name, child] of node.children) pending.push([`${path}/${name}`, child]);
    }
  }

  verifyContents(): void {
    const inTree = new Set<unknown>();
    for (const [, node] of this.entries()) if (node.kind === 'file') inTree.add(node.content);
    assert.deepEqual(inTree, new Set<unknown>(this.#contents.live()));
  }
}
