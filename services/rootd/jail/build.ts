import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { BangerError } from '#kit/errors.ts';
import { run } from '#kit/exec.ts';
import { TOOL_PATH } from '../host/tools.ts';

/** Static, because it changes the root it would find its libraries in; musl's is a tenth of glibc's size. */
const COMPILERS = ['musl-gcc', 'gcc', 'cc'] as const;
const FLAGS = ['-std=c17', '-D_GNU_SOURCE', '-Os', '-static', '-fstack-protector-strong', '-s'];
const BUILD_TIMEOUT_MS = 60_000;

export type JailFolders = {
  readonly sources: string;
  /** Where the program is put. */
  readonly built: string;
};

/**
 * The jail program for this version of its sources, compiled when it is not there yet. The name carries the
 * hash of all that goes into it, so another version never runs another's program.
 */
export async function buildJail(folders: JailFolders, signal: AbortSignal): Promise<string> {
  const sources = await readSources(folders.sources);
  const program = join(folders.built, `jail-${hashOf(sources)}`);
  if (existsSync(program)) return program;
  const temporary = `${program}.${randomBytes(6).toString('hex')}.tmp`;
  const files = [...sources.keys()].filter((name) => name.endsWith('.c'));
  await mkdir(folders.built, { recursive: true });
  try {
    await run(getCompiler(), [...FLAGS, ...files, '-o', temporary], {
      signal,
      timeoutMs: BUILD_TIMEOUT_MS,
      cwd: folders.sources,
      env: { PATH: TOOL_PATH },
    });
    await rename(temporary, program);
  } finally {
    await rm(temporary, { force: true });
  }
  return program;
}

export function installedCompilers(): string[] {
  const folders = TOOL_PATH.split(':');
  return COMPILERS.filter((name) => folders.some((folder) => existsSync(join(folder, name))));
}

function getCompiler(): string {
  const [compiler] = installedCompilers();
  if (compiler !== undefined) return compiler;
  throw new BangerError(
    'HOST_NOT_READY',
    'the program that jails VMMs is not built and there is no C compiler to build it; install one with: apt-get install musl-tools',
  );
}

async function readSources(folder: string): Promise<Map<string, Buffer>> {
  const names = (await readdir(folder)).filter((name) => /\.[ch]$/.test(name)).sort();
  const contents = names.map(async (name) => [name, await readFile(join(folder, name))] as const);
  return new Map(await Promise.all(contents));
}

function hashOf(sources: ReadonlyMap<string, Buffer>): string {
  const hash = createHash('sha256').update(JSON.stringify(FLAGS));
  for (const [name, content] of sources) hash.update(`${name} ${content.length}\n`).update(content);
  return hash.digest('hex').slice(0, 16);
}
