import type { DirectoryNode } from '../../domain/file-tree.ts';

/**
 * Which names the current layer put into the tree. A whiteout removes what earlier layers put there
 * and nothing of its own layer, wherever in the layer it stands, so this must be known of every name.
 * It is kept by name and not by node: a hard link gives an old file a name of this layer.
 */
export class Provenance {
  /** Set while there is nothing of earlier layers, as in an image's first layer, which is often the largest. */
  readonly #allFresh: boolean;
  readonly #fresh = new Set<DirectoryNode>();
  readonly #added = new Map<DirectoryNode, Set<string>>();

  constructor(root: DirectoryNode) {
    this.#allFresh = root.children.size === 0;
  }

  /** Whether all that the folder holds, at any depth, is of this layer. */
  isFresh(folder: DirectoryNode): boolean {
    return this.#allFresh || this.#fresh.has(folder);
  }

  /** To be called for a folder that this layer made, or that has been emptied of earlier layers. */
  markFresh(folder: DirectoryNode): void {
    if (!this.#allFresh) this.#fresh.add(folder);
  }

  isAdded(folder: DirectoryNode, name: string): boolean {
    return this.isFresh(folder) || (this.#added.get(folder)?.has(name) ?? false);
  }

  markAdded(folder: DirectoryNode, name: string): void {
    if (this.isFresh(folder)) return;
    const names = this.#added.get(folder);
    if (names === undefined) this.#added.set(folder, new Set([name]));
    else names.add(name);
  }
}
