import type {
  ContentWriter,
  DirectoryNode,
  FileNode,
  TreeNode,
} from '../../../domain/file-tree.ts';

/** Makes a large tree without making a plan of it first, which would take more memory than the tree. */
type LargeTree = (contents: ContentWriter) => Promise<DirectoryNode>;

const NAME_TAIL = '-a-name-of-middling-length';
const BLOCK_BYTES = 4096;

/** 200,000 entries in folders of 100, each file with a block and every tenth with an attribute. */
async function manyFiles(contents: ContentWriter): Promise<DirectoryNode> {
  const root = makeRoot();
  for (let n = 0; n < 1980; n++) {
    const folder = makeFolder();
    root.children.set(`folder-${n}`, folder);
    for (let m = 0; m < 100; m++) {
      const node = await makeFile(contents, `content ${m} of ${n}`);
      if (m % 10 === 0) node.xattrs = new Map([['user.number', Buffer.from(String(n))]]);
      folder.children.set(`${m}${NAME_TAIL}`, node);
    }
  }
  return root;
}

/** Half of them in a single folder, the others folders themselves. */
async function manyFolders(contents: ContentWriter): Promise<DirectoryNode> {
  const root = makeRoot();
  for (let n = 0; n < 100_000; n++) {
    const folder = makeFolder();
    root.children.set(`folder-${n}${NAME_TAIL}`, folder);
    folder.children.set('file', await makeFile(contents, ''));
  }
  return root;
}

/** One file with as many pieces as a disk accepts. */
async function manyPieces(contents: ContentWriter): Promise<DirectoryNode> {
  const pieces = 1_000_000;
  const byte = Buffer.from('x');
  contents.open(pieces * 2 * BLOCK_BYTES);
  for (let n = 0; n < pieces; n++) {
    await contents.append(byte);
    contents.skip(2 * BLOCK_BYTES - 1);
  }
  const root = makeRoot();
  root.children.set('pieces', { kind: 'file', ...attributes(0o644), content: contents.close() });
  return root;
}

export const LARGE_TREES = { manyFiles, manyFolders, manyPieces } satisfies Record<
  string,
  LargeTree
>;

function attributes(mode: number) {
  return { mode, uid: 1000, gid: 1000, mtime: { seconds: 1_600_000_000, nanoseconds: 1 } };
}

function makeFolder(): DirectoryNode {
  return { kind: 'directory', ...attributes(0o755), children: new Map<string, TreeNode>() };
}

function makeRoot(): DirectoryNode {
  const root = makeFolder();
  root.children.set('lost+found', makeFolder());
  return root;
}

async function makeFile(contents: ContentWriter, text: string): Promise<FileNode> {
  const bytes = Buffer.from(text);
  contents.open(bytes.length);
  await contents.append(bytes);
  return { kind: 'file', ...attributes(0o644), content: contents.close() };
}
