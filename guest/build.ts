import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { BangerError } from '#kit/errors.ts';
import { run } from '#kit/exec.ts';
import { programRoot } from '#kit/program.ts';

export type BuildOptions = {
  /** Where binaries are kept, one per content of the sources. */
  cacheFolder: string;
  signal: AbortSignal;
  /** Off where people install: a newer compiler may have found new things to warn of. */
  warningsAreErrors?: boolean;
};

const SOURCES = join(programRoot(), 'guest/src');
const COMPILER = 'musl-gcc';
/** Some seconds of work; where twenty others want the processors, minutes. */
const BUILD_TIMEOUT_MS = 900_000;

const WARNINGS = [
  '-Wall',
  '-Wextra',
  '-Wconversion',
  '-Wsign-conversion',
  '-Wshadow',
  '-Wformat=2',
  '-Wstrict-prototypes',
  '-Wmissing-prototypes',
  '-Wold-style-definition',
  '-Wvla',
  '-Wcast-qual',
  '-Wwrite-strings',
  '-Wundef',
  '-Wnull-dereference',
  '-Wpointer-arith',
  '-Wimplicit-fallthrough',
  '-Wswitch-enum',
  '-Wdouble-promotion',
  '-Wlogical-op',
  '-Wduplicated-cond',
  '-Wduplicated-branches',
];

export const LANGUAGE = ['-std=gnu17', '-D_GNU_SOURCE', '-I.', ...WARNINGS];

/** Nothing of the place or time of the build gets in: the same sources give the same bytes. */
const RELEASE = [
  '-static',
  '-Os',
  '-fstack-protector-strong',
  '-ffunction-sections',
  '-fdata-sections',
  '-Wl,--gc-sections,--build-id=none,-z,noexecstack,-z,relro,-z,now',
  '-s',
];

/** Compiles the guest program, or finds it compiled already, and answers its path. */
export async function buildGuest(options: BuildOptions): Promise<string> {
  const files = await listSources(SOURCES);
  const version = await compilerVersion(options.signal);
  const key = await hashSources(SOURCES, files, [version, ...LANGUAGE, ...RELEASE]);
  return cached(join(options.cacheFolder, `guest-${key}`), async (target) => {
    const strict = options.warningsAreErrors ? ['-Werror'] : [];
    const units = files.filter((file) => file.endsWith('.c'));
    await run(COMPILER, [...LANGUAGE, ...strict, ...RELEASE, '-o', target, ...units], {
      cwd: SOURCES,
      signal: options.signal,
      timeoutMs: BUILD_TIMEOUT_MS,
    });
  });
}

/** Paths below the folder, sorted: the order of the units on the command line is part of the result. */
export async function listSources(folder: string): Promise<string[]> {
  const names = await readdir(folder, { recursive: true });
  return names.filter((name) => /\.[ch]$/.test(name)).sort();
}

export async function hashSources(
  folder: string,
  files: readonly string[],
  flags: readonly string[],
): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(flags));
  for (const file of files) {
    const content = await readFile(join(folder, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex').slice(0, 32);
}

/**
 * Makes the file once. It appears under its name only when it is whole; of two makers at once, the
 * later one replaces equal bytes by equal bytes.
 */
export async function cached(
  path: string,
  make: (target: string) => Promise<void>,
): Promise<string> {
  const known = await stat(path).catch(() => undefined);
  if (known?.isFile()) return path;
  await mkdir(join(path, '..'), { recursive: true });
  const folder = await mkdtemp(`${path}.`);
  try {
    const target = join(folder, 'new');
    await make(target);
    await rename(target, path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return path;
}

async function compilerVersion(signal: AbortSignal): Promise<string> {
  try {
    return await run(COMPILER, ['--version'], { signal, timeoutMs: 10_000 });
  } catch (cause) {
    signal.throwIfAborted();
    throw new BangerError(
      'HOST_NOT_READY',
      `the compiler "${COMPILER}" for the guest program is missing; install it with: apt-get install musl-tools`,
      { cause },
    );
  }
}
