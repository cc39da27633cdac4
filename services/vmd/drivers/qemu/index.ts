import { setTimeout as sleep } from 'node:timers/promises';
import type { Call } from '#kit/call.ts';
import { isRunning, type ProcessIdentity } from '#kit/process-identity.ts';
import type { Driver, MachinePlace } from '../../domain/driver.ts';
import type { Jail } from '../../domain/jail.ts';
import { createJailedLauncher } from './jailed-launcher.ts';
import { awaitQmp } from './launch.ts';
import type { Launcher } from './launcher.ts';
import { runningMachine } from './machine.ts';
import { createOwnLauncher, removeSockets } from './own-launcher.ts';
import type { Probe } from './probe.ts';

export type QemuOptions = {
  binary: string;
  probe: Probe;
  /** Launches the machines of bridge mode. */
  jail: Jail;
};

const LOOK_MS = 5;
const END_TIMEOUT_MS = 15_000;

/** QEMU's microvm, run by whoever runs vmd, or in a jail of rootd's where it has a device on the bridge. */
export function createQemuDriver({ binary, probe, jail }: QemuOptions): Driver {
  const own = createOwnLauncher(binary);
  const jailed = createJailedLauncher(jail);
  const launcherOf = ({ privileged }: MachinePlace) => (privileged ? jailed : own);
  return {
    name: 'qemu',
    features: { pause: true },
    chooseAccelerator: (call, kernel) => probe.chooseAccelerator(call, kernel),
    async launch(call, machine) {
      const launcher = launcherOf(machine);
      await endStray(call, launcher, machine);
      await removeSockets(machine);
      const identity = await launcher.launch(call, machine);
      try {
        const qmp = await awaitQmp(call, machine.folder, identity);
        return runningMachine(machine, identity, qmp, launcher);
      } catch (error) {
        await endProcess(call, launcher, machine, identity);
        throw error;
      }
    },
    async find(call, place, process) {
      const launcher = launcherOf(place);
      const identity = await launcher.find(call, place, process);
      if (identity === undefined) return undefined;
      const qmp = await awaitQmp(call, place.folder, identity);
      return runningMachine(place, identity, qmp, launcher);
    },
    async clear(call, place) {
      const launcher = launcherOf(place);
      // One whose sockets somebody removed is found by nobody and runs.
      await endStray(call, launcher, place);
      await launcher.clear(call, place);
    },
    // Only the bridge needs rootd, and asking for one that does not run takes a second.
    offersNetwork: async (call, mode) => mode !== 'bridge' || jail.answers(call),
  };
}

/** A machine that nobody knows of, of a launch that a crash cut short, would write the same disks. */
async function endStray(call: Call, launcher: Launcher, place: MachinePlace): Promise<void> {
  const stray = await launcher.find(call, place);
  if (stray === undefined) return;
  call.log.warn('stray machine ended', { vm: place.vmId, ...stray });
  await endProcess(call, launcher, place, stray);
}

/** Also for a caller that has left: what was launched for it must not stay. */
async function endProcess(
  call: Call,
  launcher: Launcher,
  place: MachinePlace,
  process: ProcessIdentity,
): Promise<void> {
  const firm = { ...call, signal: AbortSignal.timeout(END_TIMEOUT_MS) };
  await launcher.signal(firm, place, process, 'KILL');
  while (isRunning(process)) await sleep(LOOK_MS, undefined, { signal: firm.signal });
  await launcher.clear(firm, place);
}
