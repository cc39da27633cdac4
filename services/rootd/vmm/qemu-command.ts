import type { Mac } from '#kit/ipv4.ts';
import type { VmId } from '#kit/names.ts';
import { type QemuDisk, type QemuNetwork, qemuArguments } from '#kit/qemu-arguments.ts';

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

/**
 * The whole command line, the same that vmd starts a machine of its own with. Nothing of it comes from a request
 * but ids, numbers and choices from a list.
 */
export function qemuCommand(qemu: string, machine: Machine, fds: VmmDescriptors): string[] {
  const { vmId, vcpus, memoryMib, accelerator, tscKhz, consoleVerbose } = machine;
  const words = qemuArguments({
    name: `banger-${vmId}`,
    ...{ vcpus, memoryMib, accelerator, tscKhz, verboseConsole: consoleVerbose },
    ...{ vmlinux: JAIL_KERNEL, initrd: JAIL_INITRD, firmware: FIRMWARE_FOLDER },
    disks: toDisks(fds),
    channels: {
      qmp: { descriptor: fds.qmp },
      guest: { descriptor: fds.guest },
      console: { descriptor: fds.console },
    },
    network: toNetwork(machine, fds),
  });
  return [qemu, ...words];
}

/** The overlay's own word on what lies under it is not asked: vmd wrote it, and rootd trusts vmd no further. */
function toDisks({ root, base, work, modules }: VmmDescriptors): QemuDisk[] {
  const raw = { format: 'raw' } as const;
  const overlay = { format: 'qcow2', backing: { descriptor: base } } as const;
  const kernels: QemuDisk[] =
    modules === undefined
      ? []
      : [{ serial: 'modules', file: { descriptor: modules }, ...raw, readOnly: true }];
  return [
    { serial: 'root', file: { descriptor: root }, ...overlay, readOnly: false },
    { serial: 'work', file: { descriptor: work }, ...raw, readOnly: false },
    ...kernels,
  ];
}

function toNetwork({ mac }: Machine, { tap }: VmmDescriptors): QemuNetwork | undefined {
  return mac === undefined || tap === undefined ? undefined : { kind: 'tap', mac, descriptor: tap };
}
