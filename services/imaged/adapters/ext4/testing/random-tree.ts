import { seededRandom } from '../../../testing/seeded-random.ts';
import { type Attributes, folderOf, type Piece, type Plan } from './trees.ts';

/** What a random tree is made of, the same for the same seed. */
export class Random {
  readonly #next: () => number;

  constructor(seed: number) {
    this.#next = seededRandom(seed);
  }

  /** A whole number from 0 to below `end`. */
  below(end: number): number {
    return Math.floor(this.#next() * end);
  }

  /** Mostly small, at times close to `end`. */
  skewed(end: number): number {
    return this.below(this.below(this.below(end) + 1) + 1);
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)] as T;
  }

  bytes(length: number): Buffer {
    const bytes = Buffer.alloc(length);
    for (let at = 0; at < length; at += 97) bytes[at] = this.below(256);
    return bytes;
  }
}

export function randomTree(random: Random): Plan {
  const known: Plan[] = [];
  const root = randomFolder(random, known, 4);
  const children = new Map(root.children);
  children.set('lost+found', folderOf(new Map(), { mode: 0o700 }));
  return { ...root, children };
}

type FolderPlan = Extract<Plan, { kind: 'directory' }>;

function randomFolder(random: Random, known: Plan[], depth: number): FolderPlan {
  const children = new Map<string, Plan>();
  const count = depth === 0 ? 0 : random.skewed(random.pick([5, 20, 400]));
  for (let n = 0; n < count; n++) {
    const child =
      random.below(4) === 0 ? randomFolder(random, known, depth - 1) : randomLeaf(random, known);
    children.set(randomName(random), child);
  }
  return { kind: 'directory', children, ...randomAttributes(random) };
}

/** Any file but a folder may turn up again, as a hard link. */
function randomLeaf(random: Random, known: Plan[]): Plan {
  if (known.length > 0 && random.below(10) === 0) return random.pick(known);
  const plan = randomNewLeaf(random);
  known.push(plan);
  return plan;
}

function randomNewLeaf(random: Random): Plan {
  const attributes = randomAttributes(random);
  switch (random.below(8)) {
    case 0:
      return { kind: 'symlink', target: randomTarget(random), ...attributes };
    case 1:
      return { kind: random.pick(['fifo', 'socket'] as const), ...attributes };
    case 2: {
      const kind = random.pick(['character', 'block'] as const);
      return { kind, major: random.skewed(4096), minor: random.skewed(2 ** 20), ...attributes };
    }
    default:
      return { kind: 'file', pieces: randomPieces(random), ...attributes };
  }
}

function randomPieces(random: Random): Piece[] {
  return Array.from({ length: random.skewed(12) }, () => {
    const length = random.skewed(random.pick([100, 5000, 300_000]));
    return random.below(3) === 0 ? { hole: length } : { bytes: random.bytes(length) };
  });
}

function randomName(random: Random): string {
  const bytes = Buffer.alloc(1 + random.skewed(255));
  for (let at = 0; at < bytes.length; at++) bytes[at] = random.pick([97, 1]) + random.below(158);
  return bytes.toString('latin1').replaceAll('/', '_').replace(/^\.+$/, 'dots');
}

function randomTarget(random: Random): Buffer {
  return Buffer.from(randomName(random).repeat(1 + random.skewed(16)), 'latin1');
}

function randomAttributes(random: Random): Attributes {
  return {
    mode: random.below(0o10000),
    uid: random.skewed(2 ** 32 - 1),
    gid: random.skewed(2 ** 32 - 1),
    mtime: { seconds: random.below(12_000_000_000) - 2e9, nanoseconds: random.below(1e9) },
    ...(random.below(5) === 0 && { xattrs: randomXattrs(random) }),
  };
}

/** Symbolic links and devices have `trusted` ones only. */
function randomXattrs(random: Random): Map<string, Buffer> {
  const xattrs = new Map<string, Buffer>();
  for (let n = random.skewed(12); n >= 0; n--) {
    xattrs.set(`trusted.${'name'.repeat(random.skewed(10))}${n}`, random.bytes(random.skewed(200)));
  }
  return xattrs;
}
