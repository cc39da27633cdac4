/** A small machine as QEMU is to build it. Paths are relative to the folder that the process stands in. */
export type QemuMachine = {
  name: string;
  vcpus: number;
  memoryMib: number;
  accelerator: 'kvm' | 'tcg';
  /** Frequency of the time stamp counter; a software-emulated guest that must measure it hangs at random. */
  tscKhz: number;
  vmlinux: string;
  initrd: string;
  disks: readonly QemuDisk[];
  network: QemuNetwork | undefined;
  verboseConsole: boolean;
};

export type QemuDisk = {
  /** The guest finds the disk by it. */
  serial: string;
  path: string;
  format: 'raw' | 'qcow2';
  readOnly: boolean;
};

export type QemuNetwork =
  | { kind: 'user'; mac: string; nat: boolean }
  /** A tap that somebody opened and the process inherits. */
  | { kind: 'tap'; mac: string; descriptor: number };

/** Sockets that QEMU makes in its folder. */
export const QEMU_SOCKETS = {
  qmp: 'qmp.sock',
  guest: 'guest.sock',
  console: 'console.sock',
} as const;

/** The name by which the guest finds its channel to the host. */
export const GUEST_PORT = 'banger.0';

/** Seccomp: no new processes, no privileges, no priorities; see qemu(1), -sandbox. */
const SANDBOX = 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny';

export function qemuArguments(machine: QemuMachine): string[] {
  const { name, vcpus, memoryMib, vmlinux, initrd, accelerator } = machine;
  const kvm = accelerator === 'kvm';
  return [
    ...['-name', name, '-sandbox', SANDBOX],
    ...['-nodefaults', '-no-user-config', '-nographic', '-no-reboot'],
    // Distribution kernels find virtio-mmio devices through ACPI alone.
    ...['-M', 'microvm,acpi=on,pcie=off,rtc=on,pic=off,pit=off'],
    ...(kvm ? ['-accel', 'kvm', '-cpu', 'host'] : ['-accel', 'tcg,tb-size=64', '-cpu', 'max']),
    ...['-smp', String(vcpus), '-m', String(memoryMib)],
    ...['-kernel', vmlinux, '-initrd', initrd, '-append', kernelArguments(machine)],
    ...socketDevice('qmp', QEMU_SOCKETS.qmp),
    ...['-mon', 'chardev=qmp,mode=control'],
    ...socketDevice('console', QEMU_SOCKETS.console),
    ...['-serial', 'chardev:console', '-device', 'virtio-serial-device,max_ports=2'],
    ...socketDevice('guest', QEMU_SOCKETS.guest),
    ...['-device', `virtserialport,chardev=guest,name=${GUEST_PORT}`],
    ...machine.disks.flatMap(diskArguments),
    ...networkArguments(machine.network),
  ];
}

function kernelArguments({ accelerator, tscKhz, verboseConsole }: QemuMachine): string {
  // panic=1 with -no-reboot: a guest that panics ends instead of hanging.
  const words = ['console=ttyS0', 'reboot=t', 'panic=1', 'cryptomgr.notests'];
  if (!verboseConsole) words.push('quiet', 'loglevel=3');
  if (accelerator === 'tcg') words.push(`tsc_early_khz=${tscKhz}`);
  return words.join(' ');
}

function socketDevice(id: string, path: string): string[] {
  return ['-chardev', `socket,id=${id},path=${doubledCommas(path)},server=on,wait=off`];
}

function diskArguments({ serial, path, format, readOnly }: QemuDisk): string[] {
  const drive = `id=${serial},file=${doubledCommas(path)},format=${format},if=none,discard=unmap`;
  // A read-only disk is shared between machines, so nobody takes its lock.
  const access = readOnly ? ',readonly=on,file.locking=off' : '';
  return [
    '-drive',
    `${drive}${access}`,
    '-device',
    `virtio-blk-device,drive=${serial},serial=${serial}`,
  ];
}

function networkArguments(network: QemuNetwork | undefined): string[] {
  if (network === undefined) return [];
  const backend =
    network.kind === 'user'
      ? `user,id=net,ipv6=off,restrict=${network.nat ? 'off' : 'on'}`
      : `tap,id=net,fd=${network.descriptor}`;
  return ['-netdev', backend, '-device', `virtio-net-device,netdev=net,mac=${network.mac}`];
}

/** QEMU reads a comma in a value as the next option, unless it is doubled. */
function doubledCommas(value: string): string {
  return value.replaceAll(',', ',,');
}
