import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Call } from '#kit/call.ts';
import { readLogTail } from '#kit/log-tail.ts';
import { isRunning, type ProcessIdentity } from '#kit/process-identity.ts';
import { QEMU_SOCKETS } from '#kit/qemu-arguments.ts';
import {
  CONSOLE_LOG,
  type MachineExit,
  type MachinePlace,
  type RunningMachine,
} from '../../domain/driver.ts';
import { recordConsole } from './console.ts';
import type { Launcher } from './launcher.ts';
import type { Qmp } from './qmp.ts';

const QMP_TIMEOUT_MS = 5000;
/** A killed process is a zombie, or still closing its files, for a moment after its sockets have closed. */
const LAST_BREATH_MS = 5;

export function runningMachine(
  place: MachinePlace,
  process: ProcessIdentity,
  qmp: Qmp,
  launcher: Pick<Launcher, 'signal'>,
): RunningMachine {
  const log = join(place.folder, CONSOLE_LOG);
  const console = recordConsole(join(place.folder, QEMU_SOCKETS.console), log);
  const exited = untilExited(process, qmp);
  const command = (call: Call, name: string) =>
    qmp.execute(name, AbortSignal.any([call.signal, AbortSignal.timeout(QMP_TIMEOUT_MS)]));
  return {
    process,
    guestSocket: join(place.folder, QEMU_SOCKETS.guest),
    exited,
    pause: async (call) => void (await command(call, 'stop')),
    resume: async (call) => void (await command(call, 'cont')),
    signal: (call, signal) => launcher.signal(call, place, process, signal),
    readConsole: (bytes) => readLogTail(log, bytes),
    release() {
      console.close();
      qmp.close();
    },
  };
}

async function untilExited(process: ProcessIdentity, qmp: Qmp): Promise<MachineExit> {
  await qmp.closed;
  while (isRunning(process)) await sleep(LAST_BREATH_MS);
  return describeExit(qmp);
}

/** QEMU says why it shuts down just before it does; a killed one says nothing. */
function describeExit(qmp: Qmp): MachineExit {
  const reason = qmp.lastEvent('SHUTDOWN')?.data.reason;
  switch (reason) {
    case 'guest-shutdown':
      return { cause: 'guest', detail: 'powered off by the guest' };
    case 'guest-reset':
      return { cause: 'reboot', detail: 'restarted by the guest' };
    case 'guest-panic':
      return { cause: 'guest', detail: "the guest's kernel panicked" };
    case undefined:
      return { cause: 'unknown', detail: 'the machine ended without a word' };
    default:
      return { cause: 'host', detail: `ended by the host (${String(reason)})` };
  }
}
