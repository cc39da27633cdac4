import { access, mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import { run } from '#kit/exec.ts';
import type { Tell } from '#kit/stages.ts';

export const SOURCE_PACKAGE = 'linux-source-6.1';

const ARCHIVE = `usr/src/${SOURCE_PACKAGE}.tar.xz`;
const ASK_TIMEOUT_MS = 60_000;
const DOWNLOAD_TIMEOUT_MS = 15 * 60_000;
const UNPACK_TIMEOUT_MS = 10 * 60_000;

export type KernelSource = {
  readonly folder: string;
  /** The package with its version. */
  readonly name: string;
  /** When the source was last changed, in seconds: what a reproducible build takes for its time. */
  readonly epoch: number;
};

/**
 * The distribution's kernel source, unpacked in a scratch folder: out of the installed package, or downloaded with
 * the host's own apt configuration. Needs no root.
 */
export async function unpackKernelSource(
  call: Call,
  scratch: string,
  tell: Tell,
): Promise<KernelSource> {
  const { root, version } = (await findInstalled(call)) ?? (await download(call, scratch, tell));
  const name = `${SOURCE_PACKAGE} ${version}`;
  tell(`unpacking ${name}`);
  const folder = join(scratch, 'source');
  await mkdir(folder);
  const limits = { signal: call.signal, timeoutMs: UNPACK_TIMEOUT_MS, tied: true };
  await run('tar', ['-C', folder, '--strip-components=1', '-xf', join(root, ARCHIVE)], limits);
  const { mtimeMs } = await stat(join(folder, 'Makefile'));
  return { folder, name: `package ${name}`, epoch: Math.floor(mtimeMs / 1000) };
}

type Package = { root: string; version: string };

async function findInstalled(call: Call): Promise<Package | undefined> {
  const isThere = await access(join('/', ARCHIVE)).then(
    () => true,
    () => false,
  );
  if (!isThere) return undefined;
  const limits = { signal: call.signal, timeoutMs: ASK_TIMEOUT_MS };
  // The archive alone, without dpkg's record of it, says nothing of its version.
  const known = await run('dpkg-query', ['-s', SOURCE_PACKAGE], limits).catch(() => '');
  call.signal.throwIfAborted();
  const version = /^Version: (\S+)$/m.exec(known)?.[1];
  return version === undefined ? undefined : { root: '/', version };
}

async function download(call: Call, scratch: string, tell: Tell): Promise<Package> {
  tell(`downloading ${SOURCE_PACKAGE}`);
  try {
    const limits = {
      signal: call.signal,
      timeoutMs: DOWNLOAD_TIMEOUT_MS,
      cwd: scratch,
      tied: true,
    };
    await run('apt-get', ['download', SOURCE_PACKAGE], limits);
  } catch (cause) {
    call.signal.throwIfAborted();
    throw new BangerError(
      'HOST_NOT_READY',
      `apt cannot download "${SOURCE_PACKAGE}"; bring its lists up to date with: sudo apt-get update`,
      { cause },
    );
  }
  const file = (await readdir(scratch)).find((name) => name.endsWith('.deb'));
  if (file === undefined) throw new BangerError('COMMAND_FAILED', 'apt-get downloaded nothing');
  const root = join(scratch, 'package');
  const limits = { signal: call.signal, timeoutMs: UNPACK_TIMEOUT_MS, tied: true };
  await run('dpkg-deb', ['-x', join(scratch, file), root], limits);
  return { root, version: decodeURIComponent(file.split('_')[1] ?? '') };
}
