import { BangerError } from '#kit/errors.ts';
import { crc32c } from './crc32c.ts';
import { BLOCK_BYTES } from './format.ts';
import {
  type DirectoryEntry,
  type DirectoryIdentity,
  encodeEntry,
  encodeLeaf,
  entryBytes,
  LEAF_BYTES,
  selfAndParent,
} from './leaf.ts';
import { type HashWords, hashName } from './name-hash.ts';

/*
 * A folder of several blocks is a tree: block 0 is the root of an index from hashes to blocks, of one
 * level or two, whose blocks look like unused entries to readers that know nothing of it; the leaves
 * hold the entries in the order of their names' hashes.
 */
const HALF_MD4 = 1;
const SLOT_BYTES = 8;
const TAIL_BYTES = 8;
const ROOT_SLOTS_AT = 32;
const NODE_SLOTS_AT = 8;
const ROOT_SLOTS = (BLOCK_BYTES - ROOT_SLOTS_AT - TAIL_BYTES) / SLOT_BYTES;
const NODE_SLOTS = (BLOCK_BYTES - NODE_SLOTS_AT - TAIL_BYTES) / SLOT_BYTES;

/**
 * Sorting packs a hash and an index into the 53 bits of a number. Two levels of index are enough for
 * that many names, whatever their length.
 */
const MAX_ENTRIES = 2 ** 21;

type Slot = { hash: number; block: number };
type Leaf = { hash: number; entries: DirectoryEntry[] };

/** The root comes first, then the nodes below it, if any, then the leaves. */
type Tree = { nodes: number; leaves: Leaf[] };

export function growTree(entries: readonly DirectoryEntry[], hashSeed: HashWords): Tree {
  const leaves = packLeaves(entries, hashSeed);
  return { leaves, nodes: leaves.length > ROOT_SLOTS ? Math.ceil(leaves.length / NODE_SLOTS) : 0 };
}

export function countTreeBlocks({ nodes, leaves }: Tree): number {
  return 1 + nodes + leaves.length;
}

/** One block at a time, in a buffer that is used again: a large folder has megabytes of them. */
export function* encodeTree(directory: DirectoryIdentity, tree: Tree): Generator<Buffer> {
  const block = Buffer.alloc(BLOCK_BYTES);
  const { nodes, leaves } = tree;
  const slots = leaves.map(({ hash }, index) => ({ hash, block: 1 + nodes + index }));
  encodeRoot(block, nodes === 0 ? slots : slotsOfNodes(slots), directory, nodes === 0 ? 0 : 1);
  yield block;
  for (let node = 0; node < nodes; node++) {
    encodeNode(block.fill(0), slots.slice(node * NODE_SLOTS, (node + 1) * NODE_SLOTS), directory);
    yield block;
  }
  for (const { entries } of leaves) {
    encodeLeaf(block.fill(0), entries, directory.seed);
    yield block;
  }
}

function slotsOfNodes(slots: readonly Slot[]): Slot[] {
  const firsts = slots.filter((_, index) => index % NODE_SLOTS === 0);
  return firsts.map(({ hash }, node) => ({ hash, block: 1 + node }));
}

function packLeaves(entries: readonly DirectoryEntry[], hashSeed: HashWords): Leaf[] {
  const leaves: Leaf[] = [];
  let room = 0;
  let previous = -1;
  for (const { hash, entry } of inHashOrder(entries, hashSeed)) {
    const bytes = entryBytes(entry.name);
    if (bytes > room) {
      // The lowest bit tells a lookup that names of this hash began in the block before.
      leaves.push({ hash: hash === previous ? hash + 1 : hash, entries: [] });
      room = LEAF_BYTES;
    }
    leaves.at(-1)?.entries.push(entry);
    room -= bytes;
    previous = hash;
  }
  return leaves;
}

function* inHashOrder(entries: readonly DirectoryEntry[], hashSeed: HashWords) {
  if (entries.length > MAX_ENTRIES) {
    throw new BangerError(
      'FEATURE_UNSUPPORTED',
      `a folder of "${entries.length}" names is too large`,
    );
  }
  const keys = new Float64Array(entries.length);
  for (const [index, { name }] of entries.entries()) {
    keys[index] = hashName(name, hashSeed) * MAX_ENTRIES + index;
  }
  keys.sort();
  for (const key of keys) {
    const entry = entries[key % MAX_ENTRIES] as DirectoryEntry;
    yield { hash: Math.floor(key / MAX_ENTRIES), entry };
  }
}

function encodeRoot(
  block: Buffer,
  slots: readonly Slot[],
  directory: DirectoryIdentity,
  levels: number,
): void {
  const [self, parent] = selfAndParent(directory);
  encodeEntry(block, 0, self, 12);
  encodeEntry(block, 12, parent, BLOCK_BYTES - 12);
  block.writeUInt8(HALF_MD4, 28);
  block.writeUInt8(SLOT_BYTES, 29);
  block.writeUInt8(levels, 30);
  encodeSlots(block, ROOT_SLOTS_AT, slots, directory.seed);
}

function encodeNode(block: Buffer, slots: readonly Slot[], { seed }: DirectoryIdentity): void {
  block.writeUInt16LE(BLOCK_BYTES, 4);
  encodeSlots(block, NODE_SLOTS_AT, slots, seed);
}

/** The first slot's hash is known from above; limit and count stand in its place. */
function encodeSlots(block: Buffer, start: number, slots: readonly Slot[], seed: number): void {
  for (const [index, { hash, block: target }] of slots.entries()) {
    block.writeUInt32LE(hash, start + index * SLOT_BYTES);
    block.writeUInt32LE(target, start + index * SLOT_BYTES + 4);
  }
  block.writeUInt16LE((BLOCK_BYTES - TAIL_BYTES - start) / SLOT_BYTES, start);
  block.writeUInt16LE(slots.length, start + 2);
  const used = crc32c(seed, block, 0, start + slots.length * SLOT_BYTES);
  const tail = BLOCK_BYTES - TAIL_BYTES;
  block.writeUInt32LE(crc32c(used, block, tail), BLOCK_BYTES - 4);
}
