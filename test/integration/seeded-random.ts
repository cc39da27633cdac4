/** Numbers that look random and are the same for the same seed, so that a failure can be had again. */
export type Random = {
  /** From 0 up to and without `limit`. */
  below(limit: number): number;
  bytes(length: number): Buffer;
  pick<Item>(items: readonly Item[]): Item;
};

/** mulberry32 */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit: number) => Math.floor(next() * limit);
  return {
    below,
    bytes: (length) => Buffer.from(Array.from({ length }, () => below(256))),
    pick(items) {
      const item = items[below(items.length)];
      if (item === undefined) throw new Error('there is nothing to pick from');
      return item;
    },
  };
}
