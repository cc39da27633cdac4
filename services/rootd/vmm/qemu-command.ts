import type { VmId } from '#kit/names.ts';
import type { Mac } from '../network/ipv4.ts';

/** What the guest's machine is; small numbers and ids only. */
export type Machine = {
  readonly vmId: VmId;
  readonly vcpus: number;
  readonly memoryMib: number;
  readonly accelerator: 'kvm' | 'tcg';
  readonly tscKhz: number;
  readonly mac: Mac | undefined;
  readonly consoleVerbose: boolean;
};

/** Descriptors of the VMM, by what they are. */
export type VmmDescriptors = {
  readonly root: number;
  readonly base: number;
  readonly work: number;
  readonly modules: number | undefined;
  readonly tap: number | undefined;
  /** Listening sockets. */
  readonly qmp: number;
  readonly guest: number;
  readonly console: number;
};

/** Places in the jail of what QEMU opens by name. */
export const JAIL_KERNEL = '/vmlinux';
export const JAIL_INITRD = '/initrd';
export const FIRMWARE_FOLDER = '/usr/share/qemu';

/** What a VMM needs beside the guest's memory: code buffers of the emulator, firmware, queues. */
export const VMM_OVERHEAD_MIB = 384;
/** Beside one for each virtual processor: the main thread, RCU, and up to 64 that wait for disks. */
export const VMM_OVERHEAD_TASKS = 96;

/** The whole command line. Nothing of it comes from a request but ids, numbers and choices from a list. */
export function qemuCommand(qemu: string, machine: Machine, fds: VmmDescriptors): string[] {
  return [
    qemu,
    ...['-name', `banger-${machine.vmId}`],
    ...machineArguments(machine),
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    ...['-sandbox', 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny'],
    ...['-L', FIRMWARE_FOLDER],
    ...['-kernel', JAIL_KERNEL, '-initrd', JAIL_INITRD],
    ...['-append', kernelArguments(machine)],
    ...diskArguments(fds),
    ...channelArguments(fds),
    ...networkArguments(machine, fds),
  ];
}

/**
 * acpi=on, because distribution kernels find virtio-mmio through ACPI only. KSM and core dumps could show one
 * guest's memory to others.
 */
function machineArguments({ accelerator, memoryMib, vcpus }: Machine): string[] {
  const options = 'acpi=on,pcie=off,rtc=on,pic=off,pit=off,mem-merge=off,dump-guest-core=off';
  const processor =
    accelerator === 'kvm'
      ? ['-accel', 'kvm', '-cpu', 'host']
      : ['-accel', 'tcg,tb-size=64', '-cpu', 'max'];
  return ['-machine', `microvm,${options}`, ...processor, '-m', `${memoryMib}`, '-smp', `${vcpus}`];
}

/** Without tsc_early_khz a software-emulated guest calibrates against a busy host and may hang for ever. */
function kernelArguments({ accelerator, tscKhz, consoleVerbose }: Machine): string {
  return [
    'console=ttyS0 reboot=t panic=1 cryptomgr.notests',
    ...(consoleVerbose ? [] : ['quiet loglevel=3']),
    ...(accelerator === 'tcg' ? [`tsc_early_khz=${tscKhz}`] : []),
  ].join(' ');
}

/** Each disk is a set of one descriptor; the overlay's own word on what lies under it is not asked. */
function diskArguments({ root, base, work, modules }: VmmDescriptors): string[] {
  const file = (name: string, fd: number, options: string) => [
    ...['-add-fd', `fd=${fd},set=${fd}`],
    ...['-blockdev', `driver=file,node-name=${name}-file,filename=/dev/fdset/${fd},${options}`],
  ];
  const device = (name: string) => ['-device', `virtio-blk-device,drive=${name},serial=${name}`];
  const readOnly = 'read-only=on,auto-read-only=off';
  const writable = 'read-only=off,auto-read-only=off,discard=unmap';
  return [
    ...file('base', base, readOnly),
    ...['-blockdev', 'driver=raw,node-name=base,file=base-file,read-only=on'],
    ...file('root', root, writable),
    ...['-blockdev', 'driver=qcow2,node-name=root,file=root-file,backing=base,discard=unmap'],
    ...device('root'),
    ...file('work', work, writable),
    ...['-blockdev', 'driver=raw,node-name=work,file=work-file,discard=unmap'],
    ...device('work'),
    ...(modules === undefined
      ? []
      : [
          ...file('modules', modules, readOnly),
          ...['-blockdev', 'driver=raw,node-name=modules,file=modules-file,read-only=on'],
          ...device('modules'),
        ]),
  ];
}

/** Sockets that already listen, so vmd can connect at once; without a peer, what is written is dropped. */
function channelArguments({ qmp, guest, console }: VmmDescriptors): string[] {
  const socket = (name: string, fd: number) => [
    '-chardev',
    `socket,id=${name},fd=${fd},server=on,wait=off`,
  ];
  return [
    ...[...socket('qmp', qmp), '-mon', 'chardev=qmp,mode=control'],
    ...[...socket('console', console), '-serial', 'chardev:console'],
    ...[...socket('guest', guest), '-device', 'virtio-serial-device,max_ports=2'],
    ...['-device', 'virtserialport,chardev=guest,name=banger.0'],
  ];
}

function networkArguments({ mac }: Machine, { tap }: VmmDescriptors): string[] {
  if (mac === undefined || tap === undefined) return [];
  return [
    ...['-netdev', `tap,id=net,fd=${tap}`],
    ...['-device', `virtio-net-device,netdev=net,mac=${mac}`],
  ];
}
