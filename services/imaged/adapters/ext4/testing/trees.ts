import { crc32 } from 'node:zlib';
import type {
  Content,
  ContentWriter,
  DirectoryNode,
  FileNode,
  NodeAttributes,
  TreeNode,
} from '../../../domain/file-tree.ts';

/** A node before its contents are written: what tests say, and what they compare with. */
export type Plan =
  | ({ kind: 'file'; pieces: readonly Piece[] } & Attributes)
  | ({ kind: 'directory'; children: ReadonlyMap<string, Plan> } & Attributes)
  | ({ kind: 'symlink'; target: Buffer } & Attributes)
  | ({ kind: 'character' | 'block'; major: number; minor: number } & Attributes)
  | ({ kind: 'fifo' | 'socket' } & Attributes);

export type Attributes = Partial<NodeAttributes>;
export type Piece = { bytes: Buffer } | { hole: number };

const DEFAULTS: NodeAttributes = {
  mode: 0o644,
  uid: 0,
  gid: 0,
  mtime: { seconds: 1_600_000_000, nanoseconds: 123_456_789 },
};

export function file(content: string | Buffer, attributes: Attributes = {}): Plan {
  return { kind: 'file', pieces: [{ bytes: Buffer.from(content) }], ...attributes };
}

export function sparseFile(pieces: readonly Piece[], attributes: Attributes = {}): Plan {
  return { kind: 'file', pieces, ...attributes };
}

export function folder(
  children: Readonly<Record<string, Plan>>,
  attributes: Attributes = {},
): Plan {
  return folderOf(new Map(Object.entries(children)), attributes);
}

export function folderOf(children: ReadonlyMap<string, Plan>, attributes: Attributes = {}): Plan {
  return { kind: 'directory', children, mode: 0o755, ...attributes };
}

export function link(target: string, attributes: Attributes = {}): Plan {
  return { kind: 'symlink', target: Buffer.from(target, 'latin1'), mode: 0o777, ...attributes };
}

/** Root folders come with the folder that every disk gets, so that nothing has to be left out. */
export function rootFolder(children: Readonly<Record<string, Plan>>): Plan {
  return folder({ 'lost+found': folder({}, { mode: 0o700 }), ...children });
}

/** Writes the contents and makes the tree. One plan under two names becomes a hard link. */
export async function writeTree(plan: Plan, contents: ContentWriter): Promise<DirectoryNode> {
  const node = await writeNode(plan, contents, new Map());
  if (node.kind !== 'directory') throw new Error('the root of a tree is a folder');
  return node;
}

async function writeNode(
  plan: Plan,
  contents: ContentWriter,
  done: Map<Plan, TreeNode>,
): Promise<TreeNode> {
  const known = done.get(plan);
  if (known !== undefined) return known;
  const node = { ...DEFAULTS, ...plan } as TreeNode;
  done.set(plan, node);
  if (plan.kind === 'file') (node as FileNode).content = await writePieces(plan.pieces, contents);
  if (plan.kind !== 'directory') return node;
  const children = new Map<string, TreeNode>();
  for (const [name, child] of plan.children) {
    children.set(name, await writeNode(child, contents, done));
  }
  (node as DirectoryNode).children = children;
  return node;
}

export async function writePieces(
  pieces: readonly Piece[],
  contents: ContentWriter,
): Promise<Content> {
  contents.open(pieces.reduce((sum, piece) => sum + sizeOf(piece), 0));
  for (const piece of pieces) {
    if ('hole' in piece) contents.skip(piece.hole);
    else await contents.append(piece.bytes);
  }
  return contents.close();
}

function sizeOf(piece: Piece): number {
  return 'hole' in piece ? piece.hole : piece.bytes.length;
}

/** A writer that keeps nothing but a digest, for trees that are read back. */
export class DigestContents implements ContentWriter {
  readonly digests = new Map<Content, string>();
  #digest = 0;
  #sizeBytes = 0;

  open(sizeBytes: number): void {
    this.#digest = 0;
    this.#sizeBytes = sizeBytes;
  }

  append(chunk: Buffer): undefined {
    this.#digest = crc32(chunk, this.#digest);
  }

  skip(bytes: number): void {
    for (let left = bytes; left > 0; left -= ZEROS.length) {
      this.#digest = crc32(ZEROS.subarray(0, Math.min(left, ZEROS.length)), this.#digest);
    }
  }

  close(): Content {
    const content = { sizeBytes: this.#sizeBytes, runs: [] };
    this.digests.set(content, this.#digest.toString(16));
    return content;
  }

  discard(): void {}
}

const ZEROS = Buffer.alloc(1024 * 1024);
