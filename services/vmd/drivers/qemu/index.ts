import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isRunning, workingFolder } from '#kit/process-identity.ts';
import {
  OWN_SOCKETS,
  QEMU_SOCKETS,
  type QemuMachine,
  type QemuNetwork,
} from '#kit/qemu-arguments.ts';
import type { Driver, Machine, MachinePlace } from '../../domain/driver.ts';
import { awaitQmp, launchQemu } from './launch.ts';
import { runningMachine, type SignalProcess } from './machine.ts';
import type { Probe } from './probe.ts';
import { readTscKhz } from './tsc.ts';

export type QemuOptions = {
  binary: string;
  probe: Probe;
};

/** QEMU's microvm, run by whoever runs vmd: user-mode network or none. */
export function createQemuDriver({ binary, probe }: QemuOptions): Driver {
  return {
    name: 'qemu',
    features: { networks: ['user', 'none'], pause: true },
    chooseAccelerator: (call, kernel) => probe.chooseAccelerator(call, kernel),
    async launch(call, machine) {
      await removeSockets(machine);
      const identity = await launchQemu(binary, machine.folder, toQemuMachine(machine));
      const signal = signalOwn(identity.pid);
      try {
        const qmp = await awaitQmp(call, machine.folder, identity);
        return runningMachine(machine, identity, qmp, signal);
      } catch (error) {
        if (isRunning(identity)) await signal(call, 'KILL');
        throw error;
      }
    },
    async find(call, place, identity) {
      // The pid may be reused; the start time and the folder it stands in may not.
      if (!isRunning(identity) || workingFolder(identity.pid) !== place.folder) return undefined;
      const qmp = await awaitQmp(call, place.folder, identity);
      return runningMachine(place, identity, qmp, signalOwn(identity.pid));
    },
    clear: removeSockets,
  };
}

function signalOwn(pid: number): SignalProcess {
  return async (_call, signal) => void process.kill(pid, `SIG${signal}`);
}

async function removeSockets({ folder }: MachinePlace): Promise<void> {
  for (const name of Object.values(QEMU_SOCKETS)) await rm(join(folder, name), { force: true });
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
    vcpus,
    memoryMib,
    accelerator,
    tscKhz: accelerator === 'tcg' ? readTscKhz() : 0,
    vmlinux: kernel.vmlinux,
    initrd,
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
