import { corrupt } from '../../domain/corrupt.ts';
import type {
  ContentWriter,
  DirectoryNode,
  FileNode,
  FileTree,
  NodeAttributes,
  TreeNode,
} from '../../domain/file-tree.ts';
import type { Limits } from './limits.ts';
import { Provenance } from './provenance.ts';
import { type MissingFolder, walkFolders } from './walk-folders.ts';

/** A name in a folder, taken or not. */
export type Slot = { readonly parent: DirectoryNode; readonly name: string };

/**
 * The tree as the layers so far make it. It keeps two promises: nothing is ever placed outside the
 * root, and a file's contents are discarded once, when its last name goes.
 */
export class LayerTree implements FileTree {
  readonly root = createFolder();
  /** Entries and implied folders so far, removed ones included. */
  entries = 0;
  #bytes = 0;
  readonly #contents: Pick<ContentWriter, 'discard'>;
  readonly #limits: Limits;
  /** Files with more than one name; all others have one. */
  readonly #names = new Map<FileNode, number>();
  #provenance = new Provenance(this.root);

  constructor(contents: Pick<ContentWriter, 'discard'>, limits: Limits) {
    this.#contents = contents;
    this.#limits = limits;
  }

  beginLayer(): void {
    this.#provenance = new Provenance(this.root);
  }

  /** Counts an entry that costs `bytes` of memory beside its node. Entries that remove count too. */
  charge(bytes: number): void {
    this.entries++;
    if (this.entries > this.#limits.entries) {
      throw corrupt(`image has more than ${this.#limits.entries} entries`);
    }
    this.#bytes += bytes;
    if (this.#bytes > this.#limits.treeBytes) {
      throw corrupt(`image has more than ${this.#limits.treeBytes} bytes of names and attributes`);
    }
  }

  /** The place of an entry, making the folders on the way that no layer has an entry for. */
  ensureSlot(names: readonly string[]): Slot {
    const parent = this.#walk(names.slice(0, -1), (folder, name) => {
      const created = createFolder();
      this.charge(0);
      this.put({ parent: folder, name }, created);
      return created;
    });
    return { parent: parent as DirectoryNode, name: names.at(-1) as string };
  }

  findSlot(names: readonly string[]): Slot | undefined {
    const parent = this.findFolder(names.slice(0, -1));
    return parent && { parent, name: names.at(-1) as string };
  }

  findFolder(names: readonly string[]): DirectoryNode | undefined {
    return this.#walk(names, () => undefined);
  }

  put(slot: Slot, node: TreeNode): void {
    this.vacate(slot);
    slot.parent.children.set(slot.name, node);
    this.#provenance.markAdded(slot.parent, slot.name);
    if (node.kind === 'directory') this.#provenance.markFresh(node);
  }

  /** A folder over a folder keeps what is in it and takes the new attributes. */
  putFolder(slot: Slot, attributes: NodeAttributes): void {
    const existing = slot.parent.children.get(slot.name);
    if (existing?.kind !== 'directory') {
      this.put(slot, { kind: 'directory', ...attributes, children: new Map() });
      return;
    }
    setAttributes(existing, attributes);
    this.#provenance.markAdded(slot.parent, slot.name);
  }

  /** Gives a node a second name. The count goes up first: the node may lie in the folder that it replaces. */
  link(slot: Slot, node: TreeNode): void {
    if (slot.parent.children.get(slot.name) === node) {
      // GNU tar writes this when told to store a file twice.
      this.#provenance.markAdded(slot.parent, slot.name);
      return;
    }
    if (node.kind === 'file') this.#names.set(node, (this.#names.get(node) ?? 1) + 1);
    this.put(slot, node);
  }

  vacate(slot: Slot): void {
    const existing = slot.parent.children.get(slot.name);
    if (existing === undefined) return;
    slot.parent.children.delete(slot.name);
    this.#release(existing);
  }

  /** A whiteout of a name: what earlier layers put there goes, what this layer put there or below stays. */
  removeEarlier(slot: Slot): void {
    const node = slot.parent.children.get(slot.name);
    if (node === undefined) return;
    const added = this.#provenance.isAdded(slot.parent, slot.name);
    if (node.kind === 'directory') this.emptyEarlier(node);
    if (added) return;
    if (node.kind !== 'directory' || node.children.size === 0) this.vacate(slot);
    // The folder is gone, and this layer's entries in it imply a new one.
    else setAttributes(node, impliedAttributes());
  }

  /**
   * An opaque whiteout. Each folder is gone through once a layer, however often whiteouts name it:
   * afterwards it is fresh, and nothing of earlier layers can get into it.
   */
  emptyEarlier(folder: DirectoryNode): void {
    if (this.#provenance.isFresh(folder)) return;
    for (const name of folder.children.keys()) this.removeEarlier({ parent: folder, name });
    this.#provenance.markFresh(folder);
  }

  #walk(names: readonly string[], missing: MissingFolder): DirectoryNode | undefined {
    return walkFolders(this.root, names, this.#limits, missing);
  }

  #release(node: TreeNode): void {
    if (node.kind === 'directory') {
      for (const child of node.children.values()) this.#release(child);
    } else if (node.kind === 'file') {
      const others = (this.#names.get(node) ?? 1) - 1;
      if (others === 0) this.#contents.discard(node.content);
      if (others > 1) this.#names.set(node, others);
      else this.#names.delete(node);
    }
  }
}

export function setAttributes(node: DirectoryNode, attributes: NodeAttributes): void {
  if (node.xattrs !== undefined) delete node.xattrs;
  Object.assign(node, attributes);
}

function createFolder(): DirectoryNode {
  return { kind: 'directory', ...impliedAttributes(), children: new Map() };
}

/** What tools give to a folder that no entry describes. The time is fixed, so that the same layers give the same tree. */
function impliedAttributes(): NodeAttributes {
  return { mode: 0o755, uid: 0, gid: 0, mtime: { seconds: 0, nanoseconds: 0 } };
}
