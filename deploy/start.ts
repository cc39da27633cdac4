import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Script } from 'node:vm';
import { readProgram } from './program-file.ts';

/**
 * What `node dist/banger.cjs` runs: the program that lies beside this bundle. Code that was compiled by another
 * version of Node is refused by V8, which then compiles the source as it would have without.
 */
const filename = join(__dirname, 'banger.program');
const { source, code } = readProgram(readFileSync(filename));
new Script(source, { filename, cachedData: code }).runInThisContext()(require, filename);
