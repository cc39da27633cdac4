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
import { openGate } from './gate.ts';
import { FIRST_INHERITED, launchQemu } from './launch.ts';
import type { Launcher } from './launcher.ts';
import { tscKhzFor } from './tsc.ts';

/** QEMU under vmd's own uid, standing in the VM's folder: user-mode network or none. */
export function createOwnLauncher(binary: string): Launcher {
  return {
    launch: (_call, machine) => launchOwn(binary, machine),
    async find(_call, { folder }, process) {
      if (process === undefined) return findProcessIn(folder);
      // The pid may be reused; the start time and the folder it stands in may not.
      return isRunning(process) && standsIn(process.pid, folder) ? process : undefined;
    },
    signal: async (_call, _place, process, signal) => signalProcess(process, signal),
    clear: async (_call, place) => removeSockets(place),
  };
}

async function launchOwn(binary: string, machine: Machine): Promise<ProcessIdentity> {
  const { network, folder } = machine;
  if (network.mode !== 'user' || !network.nat) {
    const closed: QemuNetwork | undefined =
      network.mode === 'user' ? { kind: 'closed', mac: network.mac } : undefined;
    return launchQemu(binary, folder, toQemuMachine(machine, closed));
  }
  using gate = openGate();
  const ends = { guest: FIRST_INHERITED, outside: FIRST_INHERITED + 1 };
  const gated = toQemuMachine(machine, { kind: 'gated', mac: network.mac, ...ends });
  return await launchQemu(binary, folder, gated, [gate.guest, gate.outside]);
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

function toQemuMachine(machine: Machine, network: QemuNetwork | undefined): QemuMachine {
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
    network,
    verboseConsole: false,
  };
}
