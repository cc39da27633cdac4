import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import { Fields } from '#kit/fields.ts';
import type { StagedKernel } from '../../domain/kernel-ports.ts';
import { runDepmod } from './depmod.ts';
import { BOOT_MODULES, MANIFEST, MODULES_DISK, namesIn, VMLINUX } from './kernel-files.ts';
import { readKernelFile } from './read-kernel-file.ts';
import { describeStaged, type Staged, type StageTools, stageKernel } from './stage-kernel.ts';

const MANIFEST_LIMIT_BYTES = 64 * 1024;

/** Files of any other name in an archive are left out. */
export function isKernelFile(path: string): boolean {
  return (
    [MANIFEST, VMLINUX, 'vmlinuz', MODULES_DISK].includes(path) ||
    /^boot\/\d\d-[\w-]+\.ko$/.test(path) ||
    path.startsWith('lib/modules/')
  );
}

/** A kernel out of an unpacked archive: a bundle, which is whole already, or what somebody has built. */
export async function stageUnpacked(
  tools: StageTools,
  call: Call,
  unpacked: Staged,
  source: string,
): Promise<StagedKernel> {
  const names = await namesIn(unpacked.folder);
  if (names.includes(MANIFEST)) return await openBundle(tools, unpacked);
  const image = names.find((name) => name === VMLINUX || name === 'vmlinuz');
  if (image === undefined) {
    throw new BangerError(
      'IMAGE_CORRUPT',
      'there is neither "vmlinux" nor "vmlinuz" in the archive',
    );
  }
  const modulesFolder = await findModules(call, unpacked.folder);
  const parts = { source, image: join(unpacked.folder, image) };
  const staged = await stageKernel(tools, call, {
    ...parts,
    ...(modulesFolder === undefined ? {} : { modulesFolder }),
  });
  await unpacked[Symbol.asyncDispose]();
  return staged;
}

/** What the bundle says of itself counts only as far as its bytes bear it out. */
async function openBundle(tools: StageTools, unpacked: Staged): Promise<StagedKernel> {
  const { folder } = unpacked;
  const path = join(folder, MANIFEST);
  const manifest = await readKernelFile(path, readManifest, MANIFEST_LIMIT_BYTES);
  const names = await namesIn(folder);
  if (!names.includes(VMLINUX)) throw damaged('it holds no kernel');
  if (names.includes(MODULES_DISK) !== names.includes(BOOT_MODULES))
    throw damaged('it holds only a part of the modules');
  for (const name of names) {
    const kept = [VMLINUX, MODULES_DISK, BOOT_MODULES].includes(name);
    if (!kept) await rm(join(folder, name), { recursive: true });
  }
  const found = await describeStaged(tools.root, unpacked, manifest.source);
  if (found.digest === manifest.digest) return found;
  throw damaged(`its kernel hashes to "${found.digest}", not to "${manifest.digest}"`);
}

function readManifest(bytes: Buffer): { source: string; digest: string } {
  try {
    const from = new Fields(JSON.parse(bytes.toString()), 'manifest');
    return { source: from.text('source'), digest: from.text('digest') };
  } catch (cause) {
    throw damaged('its manifest cannot be read', cause);
  }
}

/** Modules as they lie in a root file system; depmod's tables are made anew, whoever made those that came. */
async function findModules(call: Call, folder: string): Promise<string | undefined> {
  const releases = await namesIn(join(folder, 'lib/modules'));
  const [release, second] = releases;
  if (release === undefined) return undefined;
  if (second !== undefined) throw damaged('it holds the modules of several kernels');
  await runDepmod(call, folder, release);
  const modules = join(folder, 'lib/modules', release);
  return (await readdir(modules)).includes('modules.dep') ? modules : undefined;
}

function damaged(why: string, cause?: unknown): BangerError {
  return new BangerError('IMAGE_CORRUPT', `the kernel's archive is damaged: ${why}`, {
    cause,
  });
}
