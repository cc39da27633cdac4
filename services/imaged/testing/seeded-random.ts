/** Numbers below one that are the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Bytes that do not compress and are the same for the same seed. */
export function seededBytes(sizeBytes: number, seed = 1): Buffer {
  const random = seededRandom(seed);
  const bytes = Buffer.alloc(sizeBytes);
  for (let at = 0; at < sizeBytes; at++) bytes[at] = Math.floor(random() * 256);
  return bytes;
}

/** Puts, drops, doubles or replaces a few bytes: what fuzz tests feed to parsers. */
export function mutate(bytes: Buffer, random: () => number): Buffer {
  let mutated = Buffer.from(bytes);
  for (let changes = 1 + Math.floor(random() * 4); changes > 0; changes--) {
    const at = Math.floor(random() * (mutated.length + 1));
    const length = Math.floor(random() * 8);
    const kind = random();
    const middle =
      kind < 0.4
        ? Buffer.from([Math.floor(random() * 256)])
        : kind < 0.7
          ? Buffer.alloc(0)
          : mutated.subarray(at, at + length * 2);
    mutated = Buffer.concat([mutated.subarray(0, at), middle, mutated.subarray(at + length)]);
  }
  return mutated;
}
