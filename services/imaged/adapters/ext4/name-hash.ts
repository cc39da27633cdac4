/** Four 32-bit words: the state of the hash, and the superblock's hash seed, which it starts from. */
export type HashWords = readonly [number, number, number, number];

/** Bytes of the name taken in at a time. */
const CHUNK_BYTES = 32;

/** The end mark of a folder read in hash order; no name may have it. */
const END_OF_FOLDER = 0xfffffffe;

type Round = {
  choose: (x: number, y: number, z: number) => number;
  constant: number;
  words: readonly number[];
  shifts: readonly number[];
};

/** MD4's three rounds, each halved. */
const ROUNDS: readonly Round[] = [
  {
    choose: (x, y, z) => z ^ (x & (y ^ z)),
    constant: 0,
    words: [0, 1, 2, 3, 4, 5, 6, 7],
    shifts: [3, 7, 11, 19],
  },
  {
    choose: (x, y, z) => (x & y) + ((x ^ y) & z),
    constant: 0x5a827999,
    words: [1, 3, 5, 7, 0, 2, 4, 6],
    shifts: [3, 5, 9, 13],
  },
  {
    choose: (x, y, z) => x ^ y ^ z,
    constant: 0x6ed9eba1,
    words: [3, 7, 2, 6, 1, 5, 0, 4],
    shifts: [3, 9, 11, 15],
  },
];

/**
 * The hash that orders the names of a large folder: `half_md4` in its unsigned flavour, without the
 * lowest bit. `name` has one character a byte.
 */
export function hashName(name: string, seed: HashWords): number {
  let state = seed;
  for (let from = 0; from < name.length; from += CHUNK_BYTES) {
    state = mix(state, chunkWords(name, from));
  }
  const hash = (state[1] & ~1) >>> 0;
  return hash === END_OF_FOLDER ? hash - 2 : hash;
}

/** Big-endian words; whatever the name does not fill has its remaining length in every byte. */
function chunkWords(name: string, from: number): Int32Array {
  const words = new Int32Array(CHUNK_BYTES / 4);
  const padding = (name.length - from) * 0x01010101;
  for (let word = 0; word < words.length; word++) {
    const start = from + 4 * word;
    const end = Math.min(start + 4, name.length);
    let value = padding;
    for (let at = start; at < end; at++) value = (value << 8) | name.charCodeAt(at);
    words[word] = value;
  }
  return words;
}

function mix(state: HashWords, words: Int32Array): HashWords {
  let [a, b, c, d] = state;
  for (const { choose, constant, words: order, shifts } of ROUNDS) {
    for (let step = 0; step < order.length; step++) {
      const word = words[order[step] as number] as number;
      const sum = (a + choose(b, c, d) + word + constant) | 0;
      const shift = shifts[step % 4] as number;
      const turned = (sum << shift) | (sum >>> (32 - shift));
      [a, b, c, d] = [d, turned, b, c];
    }
  }
  return [(state[0] + a) | 0, (state[1] + b) | 0, (state[2] + c) | 0, (state[3] + d) | 0];
}
