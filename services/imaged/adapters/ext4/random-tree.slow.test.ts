import { test } from 'node:test';
import { assertHolds, MIB, makeDisk } from './testing/disks.ts';
import { Random, randomTree } from './testing/random-tree.ts';

/** More of them by hand: TREES=200 node --test random-tree.slow.test.ts */
const TREES = Number(process.env.TREES ?? 10);

/** Repeat a failure with: SEED=12345 node --test random-tree.slow.test.ts */
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

test(`random trees come out as they went in (SEED=${seed})`, async (t) => {
  for (let n = 0; n < TREES; n++) {
    await t.test(`tree with SEED=${seed + n}`, async (t) => {
      const random = new Random(seed + n);
      const plan = randomTree(random);
      const { path } = await makeDisk(t, plan, { size: { freeBytes: random.skewed(400 * MIB) } });
      await assertHolds(t, path, plan);
    });
  }
});
