import { join } from 'node:path';
import { programRoot } from '#kit/program.ts';

/** Where what tests compile and unpack stays from one run to the next, by its content. */
export const TEST_CACHE = join(programRoot(), 'node_modules/.cache/banger-guest');
