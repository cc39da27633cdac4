import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { findProcessIn, isRunning, type ProcessIdentity, standsIn } from '#kit/process-identity.ts';
import {
  OWN_SOCKETS,
  QEMU_SOCKETS,
  type QemuMachine,
  type QemuNetwork,
} from '#kit/qemu-arguments.ts';
import type { Machine, MachinePlace, MachineSignal } from '../../domain/driver.ts';
import { launchQemu } from './launch.ts';
import type { Launcher } from './launcher.ts';
import { tscKhzFor } from './tsc.ts';

/** QEMU under vmd's own uid, standing in the VM's folder: user-mode network or none. */
export function createOwnLauncher(binary: string): Launcher {
  return {
    launch: (_call, machine) => launchQemu(binary, machine.folder, toQemuMachine(machine)),
    async find(_call, { folder }, process) {
      if (process === undefined) return findProcessIn(folder);
      // The pid may be reused; the start time and the folder it stands in may not.
      return isRunning(process) && standsIn(process.pid, folder) ? process : undefined;
    },
    signal: async (_call, _place, process, signal) => signalProcess(process, signal),
    clear: async (_call, place) => removeSockets(place),
  };
}

export async function removeSockets({ folder }: MachinePlace): Promise<void> {
  for (const name of Object.values(QEMU_SOCKETS)) await rm(join(folder, name), { force: true });
}

function signalProcess(identity: ProcessIdentity, signal: MachineSignal): void {
  if (!isRunning(identity)) return;
  try {
    process.kill(identity.pid, `SIG${signal}`);
  } catch (error) {
    // It ended since it was looked at.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}

function toQemuMachine(machine: Machine): QemuMachine {
  const { kernel, disks, accelerator, vcpus, memoryMib, initrd, vmId } = machine;
  const modules = {
    serial: 'modules',
    file: { path: kernel.modules },
    format: 'raw',
    readOnly: true,
  } as const;
  return {
    name: `banger-${vmId}`,
    ...{ vcpus, memoryMib, accelerator, tscKhz: tscKhzFor(accelerator) },
    ...{ vmlinux: kernel.vmlinux, initrd },
    disks: [
      { serial: 'root', file: { path: disks.root }, format: 'qcow2', readOnly: false },
      { serial: 'work', file: { path: disks.work }, format: 'raw', readOnly: false },
      ...(kernel.modules === '' ? [] : [modules]),
    ],
    channels: OWN_SOCKETS,
    network: toNetwork(machine),
    verboseConsole: false,
  };
}

function toNetwork({ network }: Machine): QemuNetwork | undefined {
  if (network.mode !== 'user') return undefined;
  return { kind: 'user', mac: network.mac, nat: network.nat };
}
