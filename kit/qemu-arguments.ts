/** A small machine as QEMU is to build it. Relative paths are below the folder that the process stands in. */
export type QemuMachine = {
  readonly name: string;
  readonly vcpus: number;
  readonly memoryMib: number;
  readonly accelerator: 'kvm' | 'tcg';
  /** Frequency of the time stamp counter; a software-emulated guest that must measure it hangs at random. */
  readonly tscKhz: number;
  readonly vmlinux: string;
  readonly initrd: string;
  readonly disks: readonly QemuDisk[];
  readonly channels: QemuChannels;
  readonly network: QemuNetwork | undefined;
  readonly verboseConsole: boolean;
  /** Where the firmware is, for a QEMU that cannot look for it. */
  readonly firmware?: string;
};

/** Something that QEMU opens by its path, or a descriptor that the process inherits. */
export type QemuFile = { readonly path: string } | { readonly descriptor: number };

export type QemuDisk = {
  /** The guest finds the disk by it. */
  readonly serial: string;
  readonly file: QemuFile;
  readonly format: 'raw' | 'qcow2';
  readonly readOnly: boolean;
  /** The raw disk under an overlay; without it, what the overlay itself names. */
  readonly backing?: QemuFile;
};

/** Sockets on which QEMU listens; those that are inherited listen already. */
export type QemuChannels = { readonly [Name in keyof typeof QEMU_SOCKETS]: QemuFile };

export type QemuNetwork =
  /** QEMU's own, which answers the guest and leads nowhere. */
  | { readonly kind: 'closed'; readonly mac: string }
  /** The same, leading out: the guest's frames come to it through two sockets that the process inherits. */
  | {
      readonly kind: 'gated';
      readonly mac: string;
      readonly guest: number;
      readonly outside: number;
    }
  /** A tap that somebody opened and the process inherits. */
  | { readonly kind: 'tap'; readonly mac: string; readonly descriptor: number };

/** Names of the sockets in a VM's folder. */
export const QEMU_SOCKETS = {
  qmp: 'qmp.sock',
  guest: 'guest.sock',
  console: 'console.sock',
} as const;

/** The sockets of a QEMU that makes them itself, in the folder that it stands in. */
export const OWN_SOCKETS: QemuChannels = {
  qmp: { path: QEMU_SOCKETS.qmp },
  guest: { path: QEMU_SOCKETS.guest },
  console: { path: QEMU_SOCKETS.console },
};

/** The name by which the guest finds its channel to the host. */
export const GUEST_PORT = 'banger.0';

/** Seccomp: no new processes, no privileges, no priorities; see qemu(1), -sandbox. */
const SANDBOX = 'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny';

/**
 * acpi=on, because distribution kernels find virtio-mmio devices through ACPI alone. Merged pages and core dumps
 * could show one guest's memory to others.
 */
const BOARD = 'microvm,acpi=on,pcie=off,rtc=on,pic=off,pit=off,mem-merge=off,dump-guest-core=off';

/**
 * Where memory is copied with one instruction ("enhanced rep movsb"), an emulator does it byte by byte. A kernel that
 * is told there is no such thing copies eight at a time: files and pipes are three to five times as fast.
 */
const EMULATED = ['-accel', 'tcg,tb-size=64', '-cpu', 'max,-erms,-fsrm'];

/** The whole command line but the program, whoever runs it: vmd itself, or rootd in a jail. */
export function qemuArguments(machine: QemuMachine): string[] {
  const { name, vcpus, memoryMib, vmlinux, initrd, accelerator, firmware, channels } = machine;
  const kvm = accelerator === 'kvm';
  return [
    ...['-name', name, '-sandbox', SANDBOX],
    ...['-nodefaults', '-no-user-config', '-display', 'none', '-no-reboot'],
    ...(firmware === undefined ? [] : ['-L', firmware]),
    ...['-machine', BOARD],
    ...(kvm ? ['-accel', 'kvm', '-cpu', 'host'] : EMULATED),
    ...['-smp', `${vcpus}`, '-m', `${memoryMib}`],
    ...['-kernel', vmlinux, '-initrd', initrd, '-append', kernelArguments(machine)],
    ...[...socketDevice('qmp', channels), '-mon', 'chardev=qmp,mode=control'],
    ...[...socketDevice('console', channels), '-serial', 'chardev:console'],
    ...[...socketDevice('guest', channels), '-device', 'virtio-serial-device,max_ports=2'],
    ...['-device', `virtserialport,chardev=guest,name=${GUEST_PORT}`],
    ...machine.disks.flatMap(diskArguments),
    ...networkArguments(machine.network),
  ];
}

function kernelArguments({ accelerator, tscKhz, verboseConsole }: QemuMachine): string {
  // panic=1 with -no-reboot: a guest that panics ends instead of hanging.
  const words = ['console=ttyS0', 'reboot=t', 'panic=1', 'cryptomgr.notests'];
  if (!verboseConsole) words.push('quiet', 'loglevel=3');
  // Linux takes the counters of two processors for unsynchronized on all but Intel's, and would count the time in
  // ticks instead, of which a busy host loses one in five. Here both are the host's counter.
  if (accelerator === 'tcg') words.push(`tsc_early_khz=${tscKhz}`, 'tsc=reliable');
  return words.join(' ');
}

/** Without a peer, what the guest writes is dropped. */
function socketDevice(id: keyof QemuChannels, channels: QemuChannels): string[] {
  const file = channels[id];
  const place =
    'path' in file ? `path=${doubledCommas(file.path)}` : `fd=${String(file.descriptor)}`;
  return ['-chardev', `socket,id=${id},${place},server=on,wait=off`];
}

function diskArguments({ serial, file, format, readOnly, backing }: QemuDisk): string[] {
  const under = backing === undefined ? [] : rawNode(`${serial}-base`, backing, true);
  const on = backing === undefined ? '' : `,backing=${serial}-base`;
  return [
    ...under,
    ...(format === 'raw'
      ? rawNode(serial, file, readOnly)
      : [
          ...fileNode(`${serial}-file`, file, readOnly),
          ...[
            '-blockdev',
            `driver=qcow2,node-name=${serial},file=${serial}-file,discard=unmap${on}`,
          ],
        ]),
    ...['-device', `virtio-blk-device,drive=${serial},serial=${serial}`],
  ];
}

function rawNode(name: string, file: QemuFile, readOnly: boolean): string[] {
  const access = readOnly ? 'read-only=on' : 'discard=unmap';
  return [
    ...fileNode(`${name}-file`, file, readOnly),
    ...['-blockdev', `driver=raw,node-name=${name},file=${name}-file,${access}`],
  ];
}

/** A descriptor is the one member of a set of its own, which is how QEMU takes a file that it cannot open. */
function fileNode(name: string, file: QemuFile, readOnly: boolean): string[] {
  // A read-only disk is shared between machines, so nobody takes its lock.
  const access = readOnly ? 'read-only=on,locking=off' : 'read-only=off,discard=unmap';
  const inherited = 'descriptor' in file ? file.descriptor : undefined;
  const place = 'path' in file ? doubledCommas(file.path) : `/dev/fdset/${file.descriptor}`;
  return [
    ...(inherited === undefined ? [] : ['-add-fd', `fd=${inherited},set=${inherited}`]),
    ...['-blockdev', `driver=file,node-name=${name},filename=${place},${access}`],
  ];
}

function networkArguments(network: QemuNetwork | undefined): string[] {
  if (network === undefined) return [];
  const nic = ['-device', `virtio-net-device,netdev=net,mac=${network.mac}`];
  switch (network.kind) {
    case 'closed':
      return ['-netdev', 'user,id=net,ipv6=off,restrict=on', ...nic];
    case 'tap':
      return ['-netdev', `tap,id=net,fd=${network.descriptor}`, ...nic];
    case 'gated':
      return [...gatedUserNetwork(network), ...nic];
  }
}

/** QEMU connects a socket and its user network, neither of which is a NIC, through a hub. */
function gatedUserNetwork({ guest, outside }: { guest: number; outside: number }): string[] {
  return [
    ...['-netdev', `socket,id=net,fd=${guest}`],
    ...['-netdev', `socket,id=gate,fd=${outside}`],
    ...['-netdev', 'user,id=out,ipv6=off,restrict=off'],
    ...['-netdev', 'hubport,id=gate-port,hubid=0,netdev=gate'],
    ...['-netdev', 'hubport,id=out-port,hubid=0,netdev=out'],
  ];
}

/** QEMU reads a comma in a value as the next option, unless it is doubled. */
function doubledCommas(value: string): string {
  return value.replaceAll(',', ',,');
}
