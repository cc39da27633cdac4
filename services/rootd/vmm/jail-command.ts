import { tapName } from '../network/names.ts';
import type { JailLaunch } from './jail.ts';
import {
  JAIL_INITRD,
  JAIL_KERNEL,
  type Machine,
  qemuCommand,
  type VmmDescriptors,
} from './qemu-command.ts';
import { systemPaths } from './qemu-program.ts';
import type { OpenRecord } from './records.ts';
import type { VmmFiles } from './vmm-files.ts';
import type { VmmSettings } from './vmms.ts';

/** All that one launch is made of. */
export type Launch = {
  readonly program: string;
  readonly settings: VmmSettings;
  readonly jailRoot: string;
  readonly report: string;
  readonly machine: Machine & { readonly tapIndex: number | undefined };
  readonly files: VmmFiles;
  readonly record: OpenRecord;
  readonly cgroup: { readonly fd: number } | undefined;
  readonly uid: number;
  readonly tasks: number;
};

/**
 * Numbers of the descriptors in the jail program. Up to `modules` rootd hands them over, in this order from 3
 * on; the rest is made there. The VMM keeps the lock, the disks, the tap and the sockets.
 */
const FD = {
  lock: 3,
  record: 4,
  cgroup: 5,
  folder: 6,
  kernel: 7,
  initrd: 8,
  root: 9,
  base: 10,
  work: 11,
  modules: 12,
  tap: 13,
  qmp: 14,
  guest: 15,
  console: 16,
} as const;

/** Names in the VM's folder that vmd connects to. */
const SOCKETS = ['qmp', 'guest', 'console'] as const;
const LOG = 'vmm.log';

export function jailCommand(launch: Launch): JailLaunch {
  const { program, report, settings, machine, files } = launch;
  const { qmp, guest, console, root, base, work } = FD;
  const vmm: VmmDescriptors = {
    ...{ qmp, guest, console, root, base, work },
    modules: files.modules === undefined ? undefined : FD.modules,
    tap: machine.tapIndex === undefined ? undefined : FD.tap,
  };
  const command = qemuCommand(settings.qemu, machine, vmm);
  const args = [...hostOptions(launch), ...jailOptions(launch, vmm), '--', ...command];
  return { program, report, args, descriptors: handOver(launch) };
}

/** In the order of FD, from 3 on. */
function handOver({ record, cgroup, files }: Launch): (number | 'ignore')[] {
  const { folder, kernel, initrd, root, base, work, modules } = files;
  return [
    record.lockFd,
    record.writeFd,
    cgroup?.fd ?? 'ignore',
    ...[folder.fd, kernel.fd, initrd.fd, root.fd, base.fd, work.fd],
    modules?.fd ?? 'ignore',
  ];
}

/** What the VMM is as a process of the host. */
function hostOptions({ settings, uid, tasks, cgroup }: Launch): string[] {
  return [
    ...['--lock', `${FD.lock}`, '--record', `${FD.record}`, '--folder', `${FD.folder}`],
    ...(cgroup === undefined ? [] : ['--cgroup', `${FD.cgroup}`]),
    ...['--uid', `${uid}`, '--most-tasks', `${tasks}`],
    ...['--largest-file', `${settings.largestFile}`],
  ];
}

/** What it finds in its jail. /dev/null is there because QEMU looks for its kind of file locks with it. */
function jailOptions({ settings, jailRoot, machine }: Launch, vmm: VmmDescriptors): string[] {
  const devices = machine.accelerator === 'kvm' ? ['/dev/null', '/dev/kvm'] : ['/dev/null'];
  const disks = [vmm.root, vmm.base, vmm.work, vmm.modules].filter((fd) => fd !== undefined);
  return [
    ...['--root', jailRoot, '--log', LOG],
    ...systemPaths(settings.qemu).flatMap((path) => ['--system', `0=${path}`]),
    ...devices.flatMap((path) => ['--device', `0=${path}`]),
    ...['--bind', `${FD.kernel}=${JAIL_KERNEL}`, '--bind', `${FD.initrd}=${JAIL_INITRD}`],
    ...disks.flatMap((fd) => ['--keep', `${fd}=disk`]),
    ...SOCKETS.flatMap((name) => ['--listen', `${FD[name]}=${name}.sock`]),
    ...(machine.tapIndex === undefined ? [] : ['--tap', `${FD.tap}=${tapName(machine.tapIndex)}`]),
  ];
}
