import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headFor } from './block-groups.ts';
import { BlockSpace } from './block-space.ts';
import { BLOCKS_PER_GROUP } from './format.ts';

/** A head of three blocks: the superblock and two of descriptors. */
const HEAD = headFor(BLOCKS_PER_GROUP);
const FIRST = 1 + HEAD.tableBlocks;

function makeSpace(groups: number): BlockSpace {
  return new BlockSpace(HEAD, groups * BLOCKS_PER_GROUP);
}

test('fresh blocks leave out the heads of groups 0, 1, 3, 5, 7 and 9', () => {
  const runs = makeSpace(12).takeFresh(12 * BLOCKS_PER_GROUP - 6 * FIRST);
  assert.deepEqual(
    runs.map(({ start }) => start / BLOCKS_PER_GROUP),
    [0, 1, 3, 5, 7, 9].map((group) => group + FIRST / BLOCKS_PER_GROUP),
  );
  assert.equal((runs.at(-1)?.start ?? 0) + (runs.at(-1)?.blocks ?? 0), 12 * BLOCKS_PER_GROUP);
});

test('no block is handed out beyond the limit', () => {
  const space = makeSpace(1);
  space.takeFresh(BLOCKS_PER_GROUP - FIRST);
  assert.throws(() => space.takeBlock(), { reason: 'DISK_FULL' });
});

test('a run that was given back is taken again, and its rest is kept', () => {
  const space = makeSpace(1);
  const [run] = space.takeFresh(100);
  assert.ok(run);
  assert.equal(space.takeFreed(1), undefined);
  space.release(run.start, 100);
  assert.equal(
    space.takeFreed(65),
    undefined,
    'only runs from the next power of two are looked at',
  );
  assert.equal(space.takeFreed(64), run.start);
  assert.deepEqual(space.freedRuns(), [{ start: run.start + 64, blocks: 36 }]);
  assert.equal(space.takeBlock(), run.start + 64);
  assert.equal(space.frontier, run.start + 100);
});

test('of two runs that fit, the shorter one is taken', () => {
  const space = makeSpace(1);
  space.release(1000, 500);
  space.release(2000, 10);
  assert.equal(space.takeFreed(8), 2000);
  assert.equal(space.takeFreed(8), 1000);
});
