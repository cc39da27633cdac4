import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { programRoot } from '#kit/program.ts';
import { ownNumber } from '#kit/testing/own-namespaces.ts';
import { buildJail } from '../jail/build.ts';
import { openVmms, type VmmSettings, type Vmms } from '../vmm/vmms.ts';
import { tinyKernel } from './tiny-kernel.ts';

/** uids that stand for the services in tests; nobody on a real host has them. */
export const VMD_UID = 61_301;
export const IMAGED_UID = 61_302;
export const KERNEL_ID = 'cccccccccccccccc';
export const IMAGE_ID = 'bbbbbbbbbbbbbbbb';
export const GREETING = 'hello from the guest';

/** A test, or what lasts for several. */
export type Ending = { after(end: () => unknown): void };

export type VmState = { base: string; state: string; runtime: string; folders: readonly string[] };

/** A state folder as vmd and imaged leave it, with one image and one kernel, and the folders of some VMs. */
export function makeState(t: Ending, vmIds: readonly string[]): VmState {
  const base = mkdtempSync(join(tmpdir(), 'banger-'));
  t.after(() => rmSync(base, { recursive: true, force: true }));
  chmodSync(base, 0o711);
  const state = join(base, 'state');
  const image = makeFolder(state, IMAGED_UID, 'imaged', 'images', IMAGE_ID);
  const kernel = makeFolder(state, IMAGED_UID, 'imaged', 'kernels', KERNEL_ID);
  const disk = makeFile(join(image, 'disk.ext4'), IMAGED_UID, 0o640, '');
  truncateSync(disk, 2 ** 20);
  makeFile(join(kernel, 'vmlinux'), IMAGED_UID, 0o644, tinyKernel(GREETING));
  makeFile(join(kernel, 'modules.ext4'), IMAGED_UID, 0o640, Buffer.alloc(4096));
  const folders = vmIds.map((vmId) => makeVmFolder(state, vmId, disk));
  const runtime = join(base, 'runtime');
  mkdirSync(runtime, { mode: 0o700 });
  return { base, state, runtime, folders };
}

/** What rootd works with, over such a state; as after a new start when called again. */
export function openTestVmms({ state, runtime }: VmState, given: Partial<VmmSettings> = {}): Vmms {
  const settings = {
    qemu: '/usr/bin/qemu-system-x86_64',
    uids: { base: 82_000, count: 1000 },
    cgroup: `banger-test-${ownNumber()}`,
    largestFile: 2 ** 30,
    ...given,
  };
  return openVmms({ settings, state, runtime, buildJail: buildTestJail });
}

/** Kept beside the bundles, as in production; the hash in its name tells versions apart. */
export function buildTestJail(signal: AbortSignal): Promise<string> {
  const sources = join(programRoot(), 'services/rootd/jail');
  return buildJail({ sources, built: join(programRoot(), 'dist') }, signal);
}

function makeVmFolder(state: string, vmId: string, disk: string): string {
  const folder = makeFolder(state, VMD_UID, 'vmd', 'vms', vmId);
  makeFile(join(folder, 'initrd'), VMD_UID, 0o600, 'the identity of this vm');
  const overlay = join(folder, 'root.qcow2');
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', disk, '-F', 'raw', overlay]);
  chownSync(overlay, VMD_UID, VMD_UID);
  chmodSync(overlay, 0o600);
  truncateSync(makeFile(join(folder, 'work.ext4'), VMD_UID, 0o600, ''), 2 ** 20);
  return folder;
}

/** The state folder itself stays root's, like /var/lib/banger; each service owns what is below. */
function makeFolder(state: string, uid: number, ...names: string[]): string {
  mkdirSync(state, { recursive: true, mode: 0o755 });
  let path = state;
  for (const name of names) {
    path = join(path, name);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    chownSync(path, uid, uid);
  }
  return path;
}

function makeFile(path: string, uid: number, mode: number, content: string | Buffer): string {
  writeFileSync(path, content);
  chmodSync(path, mode);
  chownSync(path, uid, uid);
  return path;
}
