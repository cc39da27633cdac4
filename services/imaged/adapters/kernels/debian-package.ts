import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import { run } from '#kit/exec.ts';
import type { Tell } from '#kit/stages.ts';
import { runDepmod } from './depmod.ts';
import { namesIn } from './kernel-files.ts';
import type { KernelParts } from './stage-kernel.ts';

const ASK_TIMEOUT_MS = 60_000;
const DOWNLOAD_TIMEOUT_MS = 15 * 60_000;
const UNPACK_TIMEOUT_MS = 120_000;

/**
 * Downloads a kernel package with the host's own apt configuration and takes it apart in a scratch folder. Needs
 * no root: nothing is installed.
 */
export async function unpackKernelPackage(
  call: Call,
  packageName: string,
  scratch: string,
  tell: Tell,
): Promise<KernelParts> {
  const resolved = await resolvePackage(call, packageName);
  tell(`downloading ${resolved}`);
  const file = await download(call, resolved, scratch);
  tell(`unpacking ${resolved}`);
  const root = join(scratch, 'root');
  await mkdir(root);
  const limits = { signal: call.signal, timeoutMs: UNPACK_TIMEOUT_MS, tied: true };
  await run('dpkg-deb', ['-x', file, root], limits);
  const release = await findRelease(root);
  await runDepmod(call, root, release);
  return {
    source: `package ${file.slice(scratch.length + 1)}`,
    image: join(root, 'boot', `vmlinuz-${release}`),
    modulesFolder: join(root, 'lib/modules', release),
  };
}

/** A metapackage such as linux-image-cloud-amd64 depends on the kernel that is current. */
async function resolvePackage(call: Call, packageName: string): Promise<string> {
  const shown = await ask(call, packageName);
  const depends = /^Depends: (.*)$/m.exec(shown)?.[1] ?? '';
  const kernel = /\b(linux-image-[\w.+-]*\d[\w.+-]*)/.exec(depends)?.[1];
  return kernel ?? packageName;
}

async function ask(call: Call, packageName: string): Promise<string> {
  try {
    const limits = { signal: call.signal, timeoutMs: ASK_TIMEOUT_MS };
    return await run('apt-cache', ['show', '--no-all-versions', packageName], limits);
  } catch (cause) {
    call.signal.throwIfAborted();
    throw new BangerError(
      'HOST_NOT_READY',
      `apt knows no package "${packageName}"; bring its lists up to date with: sudo apt-get update`,
      { cause, metadata: { package: packageName } },
    );
  }
}

async function download(call: Call, packageName: string, scratch: string): Promise<string> {
  const limits = { signal: call.signal, timeoutMs: DOWNLOAD_TIMEOUT_MS, cwd: scratch, tied: true };
  await run('apt-get', ['download', packageName], limits);
  const file = (await readdir(scratch)).find((name) => name.endsWith('.deb'));
  if (file !== undefined) return join(scratch, file);
  throw new BangerError('COMMAND_FAILED', `apt-get downloaded nothing for "${packageName}"`);
}

async function findRelease(root: string): Promise<string> {
  const [release, second] = await namesIn(join(root, 'lib/modules'));
  const images = await namesIn(join(root, 'boot'));
  const isWhole = release !== undefined && images.includes(`vmlinuz-${release}`);
  if (isWhole && second === undefined) return release;
  throw new BangerError('IMAGE_CORRUPT', 'the package holds no kernel with its modules');
}
