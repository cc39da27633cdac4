import { createHash } from 'node:crypto';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build } from 'esbuild';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DIST = join(ROOT, 'dist');

/** Stands in a bundle for the hash of the bundle itself. */
const BUILD_PLACE = 'hash-of-this-bundle';

/** Native modules keep their files in node_modules; everything else becomes one file a program. */
const SHARED: BuildOptions = {
  absWorkingDir: ROOT,
  bundle: true,
  platform: 'node',
  target: 'node24',
  // Names stay as they are: a stack trace can be read. It is also faster, because of what esbuild makes of modules
  // that are run late: with short names they are arrow functions, which V8 parses whole where it would skip parts.
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  external: ['koffi', 'better-sqlite3'],
  define: { BANGER_BUILD: JSON.stringify(BUILD_PLACE) },
  logLevel: 'warning',
};

/** One minified file per program: a command starts in half the time it takes from sources. */
async function buildProgram(entry: string, output: string): Promise<void> {
  const kind = output.endsWith('.cjs') ? CLI : SERVICE;
  const { outputFiles } = await build({ ...SHARED, ...kind, entryPoints: [entry], write: false });
  for (const { text } of outputFiles) {
    const id = createHash('sha256').update(text).digest('hex').slice(0, 12);
    publish(join(DIST, output), text.replace(BUILD_PLACE, id));
  }
}

/** CommonJS loads faster than modules, and the command line is what people wait for. */
const CLI: BuildOptions = {
  format: 'cjs',
  // `require` instead: Node's loader of modules has a start of its own.
  supported: { 'dynamic-import': false },
  // The directive counts only where nothing stands before it.
  banner: {
    js: '"use strict";const banger_url=require("node:url").pathToFileURL(__filename).href;',
  },
  define: { ...SHARED.define, 'import.meta.url': 'banger_url' },
};

/** Services use top-level await. Bundled CommonJS packages still ask for `require`. */
const SERVICE: BuildOptions = {
  format: 'esm',
  banner: {
    js: 'import{createRequire}from"node:module";const require=createRequire(import.meta.url);',
  },
};

function publish(path: string, contents: string): void {
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, contents);
  renameSync(temporary, path);
}

mkdirSync(DIST, { recursive: true });
const programs = [
  ['cli/main.ts', 'banger.cjs'],
  ...['vmd', 'imaged', 'netd', 'rootd'].map((name) => [`services/${name}/main.ts`, `${name}.mjs`]),
];
await Promise.all(programs.map(([entry = '', output = '']) => buildProgram(entry, output)));
// Last: the launcher compares the sources with this file.
publish(join(DIST, 'built'), '');
