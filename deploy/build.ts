import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build } from 'esbuild';
import { run } from '#kit/exec.ts';
import { SERVICES } from '#kit/paths.ts';
import { formatProgram } from './program-file.ts';

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
  // grpc-js reads .proto files for its own debugging services only, which are never added to a server.
  alias: { '@grpc/proto-loader': './deploy/no-proto-loader.ts' },
  define: { BANGER_BUILD: JSON.stringify(BUILD_PLACE) },
  logLevel: 'warning',
};

type Bundle = { id: string; text: string };

/** One file per program: a command starts in half the time it takes from sources. */
async function bundle(entry: string, options: BuildOptions): Promise<Bundle> {
  const { outputFiles } = await build({
    ...SHARED,
    ...options,
    entryPoints: [entry],
    write: false,
  });
  const text = outputFiles?.map((file) => file.text).join('') ?? '';
  const id = createHash('sha256').update(text).digest('hex').slice(0, 12);
  return { id, text: text.replace(BUILD_PLACE, id) };
}

/** CommonJS loads faster than modules, and the command line is what people wait for. */
const COMMAND: BuildOptions = {
  format: 'cjs',
  // `require` instead: Node's loader of modules has a start of its own.
  supported: { 'dynamic-import': false },
  define: { ...SHARED.define, 'import.meta.url': 'banger_url' },
};

/** A function for deploy/start.ts to call. */
const COMMAND_PROGRAM: BuildOptions = {
  ...COMMAND,
  // The directive counts only where nothing stands before it.
  banner: {
    js: '(function(require,__filename){"use strict";const banger_url=require("node:url").pathToFileURL(__filename).href;',
  },
  footer: { js: '})' },
};

/** Services use top-level await. Bundled CommonJS packages still ask for `require`. */
const SERVICE: BuildOptions = {
  format: 'esm',
  banner: {
    js: 'import{createRequire}from"node:module";const require=createRequire(import.meta.url);',
  },
};

async function buildService(name: string): Promise<[name: string, id: string]> {
  const { id, text } = await bundle(`services/${name}/main.ts`, SERVICE);
  publish(`${name}.mjs`, text);
  return [name, id];
}

async function buildCommandLine(): Promise<void> {
  const { text: source } = await bundle('cli/main.ts', COMMAND_PROGRAM);
  publish('banger.program', formatProgram({ source, code: await compileAhead(source) }));
  publish('banger.cjs', (await bundle('deploy/start.ts', COMMAND)).text);
}

/** In a process of its own, because the program ends the one it runs in. */
async function compileAhead(source: string): Promise<Buffer> {
  const folder = mkdtempSync(join(tmpdir(), 'banger-build-'));
  try {
    const [input, output] = [join(folder, 'banger.js'), join(folder, 'banger.code')];
    writeFileSync(input, source);
    const args = [join(ROOT, 'deploy/compile-ahead.ts'), input, output];
    await run(process.execPath, args, { signal: new AbortController().signal, timeoutMs: 60_000 });
    return readFileSync(output);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function publish(name: string, contents: string | Buffer): void {
  const path = join(DIST, name);
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, contents);
  renameSync(temporary, path);
}

mkdirSync(DIST, { recursive: true });
const [builds] = await Promise.all([Promise.all(SERVICES.map(buildService)), buildCommandLine()]);
// Last: the launcher compares the sources with this file, and the command line the services that run.
publish('built', JSON.stringify(Object.fromEntries(builds)));
