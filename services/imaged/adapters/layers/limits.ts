/**
 * What one image may cost. An image is hostile until it is merged, and each figure bounds something
 * that it could otherwise use up: disk, memory, time, or the stack of whoever walks the tree.
 */
export type Limits = {
  /** All layers together, as they are stored. */
  readonly compressedBytes: number;
  /** All layers together, decompressed. */
  readonly expandedBytes: number;
  /** How many times its stored size one layer may expand to, once it is past `freeExpansionBytes`. */
  readonly expansionRatio: number;
  readonly freeExpansionBytes: number;
  /** Archive entries and implied folders of all layers together; each costs memory even if a later one hides it. */
  readonly entries: number;
  /** Names, link targets and extended attributes kept in memory, all layers together. */
  readonly treeBytes: number;
  /** The size a file claims, holes included: a sparse file claims much and stores nothing. */
  readonly fileBytes: number;
  readonly pathBytes: number;
  readonly pathDepth: number;
  readonly linkTargetBytes: number;
  /** Symbolic links followed on the way to one entry. */
  readonly linkHops: number;
  /** Extended attributes of one entry, names and values. */
  readonly xattrBytes: number;
  /** One PAX header, GNU long name or sparse map: what is read into memory before an entry begins. */
  readonly headerBytes: number;
};

const MIB = 1024 ** 2;
const GIB = 1024 ** 3;

/** Far above the largest images in common use, and within Linux's own limits for names and links. */
export const DEFAULT_LIMITS: Limits = {
  compressedBytes: 64 * GIB,
  expandedBytes: 256 * GIB,
  expansionRatio: 250,
  freeExpansionBytes: 256 * MIB,
  entries: 1_000_000,
  treeBytes: GIB,
  fileBytes: 1024 * GIB,
  pathBytes: 4096,
  pathDepth: 256,
  linkTargetBytes: 4095,
  linkHops: 40,
  xattrBytes: 64 * 1024,
  headerBytes: MIB,
};
