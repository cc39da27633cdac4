import { corrupt, locate } from '../../domain/corrupt.ts';
import type { ContentWriter, NodeAttributes, TreeNode } from '../../domain/file-tree.ts';
import { printableName } from '../../domain/printable-name.ts';
import { parseImagePath } from './image-path.ts';
import { keepXattrs, xattrBytes } from './keep-xattrs.ts';
import { type LayerTree, type Slot, setAttributes } from './layer-tree.ts';
import type { Limits } from './limits.ts';
import type { TarHandler } from './tar/read-tar.ts';
import type { TarEntry } from './tar/tar-entry.ts';
import { parseWhiteout } from './whiteout.ts';

/** Applies the entries of layers to a tree, as they come, by the rules of the OCI image layer format. */
export class LayerMerger implements TarHandler {
  readonly #tree: LayerTree;
  readonly #contents: ContentWriter;
  readonly #limits: Limits;
  /** The file whose contents are coming. */
  #open: { slot: Slot; attributes: NodeAttributes } | undefined;

  constructor(tree: LayerTree, contents: ContentWriter, limits: Limits) {
    this.#tree = tree;
    this.#contents = contents;
    this.#limits = limits;
  }

  entry(entry: TarEntry): boolean {
    const names = parseImagePath(entry.path, this.#limits);
    const xattrs = keepXattrs(entry.xattrs, this.#limits);
    this.#tree.charge(entry.path.length + entry.linkTarget.length + xattrBytes(xattrs));
    if (names.length === 0) this.#describeRoot(entry, toAttributes(entry, xattrs));
    else if (!this.#whiteOut(names)) return this.#place(entry, names, toAttributes(entry, xattrs));
    return false;
  }

  append(chunk: Buffer): Promise<void> | undefined {
    return this.#contents.append(chunk);
  }

  skip(bytes: number): void {
    this.#contents.skip(bytes);
  }

  end(): void {
    const { slot, attributes } = this.#open as { slot: Slot; attributes: NodeAttributes };
    this.#open = undefined;
    this.#tree.put(slot, { kind: 'file', ...attributes, content: this.#contents.close() });
  }

  /** A root replaced by a link would send all later entries elsewhere (CVE-2021-29136 in umoci). */
  #describeRoot(entry: TarEntry, attributes: NodeAttributes): void {
    if (entry.kind !== 'directory') throw corrupt(`replaces the root folder by a ${entry.kind}`);
    setAttributes(this.#tree.root, attributes);
  }

  /** Whiteouts remove and never create, not even the folders on the way. */
  #whiteOut(names: string[]): boolean {
    const whiteout = parseWhiteout(names);
    if (whiteout.kind === 'remove') {
      const slot = this.#tree.findSlot([...names.slice(0, -1), whiteout.name]);
      if (slot !== undefined) this.#tree.removeEarlier(slot);
    } else if (whiteout.kind === 'opaque') {
      const folder = this.#tree.findFolder(names.slice(0, -1));
      if (folder !== undefined) this.#tree.emptyEarlier(folder);
    }
    return whiteout.kind !== 'none';
  }

  /** Returns whether contents are wanted. */
  #place(entry: TarEntry, names: string[], attributes: NodeAttributes): boolean {
    if (entry.kind === 'hard link') {
      const target = this.#findLinkTarget(entry.linkTarget);
      this.#tree.link(this.#tree.ensureSlot(names), target);
      return false;
    }
    const slot = this.#tree.ensureSlot(names);
    if (entry.kind === 'file') {
      this.#tree.vacate(slot);
      this.#open = { slot, attributes };
      this.#contents.open(entry.sizeBytes);
      return true;
    }
    if (entry.kind === 'directory') this.#tree.putFolder(slot, attributes);
    else this.#tree.put(slot, this.#toNode(entry, attributes));
    return false;
  }

  /** A hard link only adds a name. Its entry's attributes are the file's own, or a careless tool's zeros. */
  #findLinkTarget(path: string): TreeNode {
    const place = `hard link target ${printableName(path)}`;
    const target = this.#find(path, place);
    if (target === undefined) throw corrupt(`${place} does not exist`);
    if (target.kind === 'directory') throw corrupt(`${place} is a folder`);
    return target;
  }

  #find(path: string, place: string): TreeNode | undefined {
    try {
      const names = parseImagePath(path, this.#limits);
      const slot = names.length === 0 ? undefined : this.#tree.findSlot(names);
      return slot?.parent.children.get(slot.name);
    } catch (error) {
      throw locate(error, place, {});
    }
  }

  #toNode(entry: TarEntry, attributes: NodeAttributes): TreeNode {
    if (entry.device !== undefined) return { ...attributes, ...entry.device };
    if (entry.kind === 'fifo') return { kind: 'fifo', ...attributes };
    const target = Buffer.from(entry.linkTarget, 'latin1');
    if (target.length === 0 || target.length > this.#limits.linkTargetBytes) {
      throw corrupt(`symbolic link has a target of ${target.length} bytes`);
    }
    return { kind: 'symlink', ...attributes, target };
  }
}

function toAttributes(entry: TarEntry, xattrs: NodeAttributes['xattrs']): NodeAttributes {
  const { mode, uid, gid, mtime } = entry;
  return xattrs === undefined ? { mode, uid, gid, mtime } : { mode, uid, gid, mtime, xattrs };
}
