/**
 * The file tree an image is made of: what the layer merger produces and the disk writer lays out.
 * It lives in memory, so it holds no file contents, only where the disk writer already put them.
 */
export type FileTree = { readonly root: DirectoryNode };

export type TreeNode = DirectoryNode | FileNode | SymlinkNode | DeviceNode | PipeNode;

/** A node under two names is the same object twice: that is what a hard link is. */
export type NodeAttributes = {
  /** Permission bits with setuid, setgid and sticky; no file type. */
  mode: number;
  uid: number;
  gid: number;
  mtime: Timestamp;
  /**
   * Full names such as `security.capability`, one character a byte as names of children are. Values
   * are what getxattr(2) returns. Absent when there are none, which is almost always.
   */
  xattrs?: ReadonlyMap<string, Buffer>;
};

export type Timestamp = { seconds: number; nanoseconds: number };

export type DirectoryNode = NodeAttributes & {
  kind: 'directory';
  /** Keyed by the name's bytes decoded as latin1, which keeps any byte string and stays one byte a character. */
  children: Map<string, TreeNode>;
};

export type FileNode = NodeAttributes & { kind: 'file'; content: Content };
export type SymlinkNode = NodeAttributes & { kind: 'symlink'; target: Buffer };
export type DeviceNode = NodeAttributes & {
  kind: 'character' | 'block';
  major: number;
  minor: number;
};
export type PipeNode = NodeAttributes & { kind: 'fifo' | 'socket' };

/** Where the disk writer stored one file's bytes: runs of disk blocks, with holes left out. */
export type Content = { readonly sizeBytes: number; readonly runs: readonly ContentRun[] };
export type ContentRun = {
  /** First block of the run within the file. */
  readonly fileBlock: number;
  /** First block of the run on the disk. */
  readonly diskBlock: number;
  readonly blocks: number;
};

/**
 * Takes file contents as they stream by, before anyone knows whether a later layer replaces the file.
 * One file is open at a time. The calls are synchronous unless the writer must wait for the disk:
 * then `append` returns a promise, and the caller awaits it before the next call.
 */
export type ContentWriter = {
  open(sizeBytes: number): void;
  append(chunk: Buffer): Promise<void> | undefined;
  /** Leaves a hole: the next `bytes` read as zeros and take no space. */
  skip(bytes: number): void;
  close(): Content;
  /** Gives back the space of a file that a later layer removed or replaced. */
  discard(content: Content): void;
};
