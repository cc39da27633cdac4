import { setTimeout as sleep } from 'node:timers/promises';
import type { Call } from '#kit/call.ts';
import { hasReason } from '#kit/errors.ts';
import { isRunning } from '#kit/process-identity.ts';
import { undo } from '#kit/undo.ts';
import type { Machine, MachinePlace } from '../../domain/driver.ts';
import type { Jail } from '../../domain/jail.ts';
import type { Launcher } from './launcher.ts';
import { removeSockets } from './own-launcher.ts';
import { tscKhzFor } from './tsc.ts';

/** A killed VMM may hold its record for as long as the kernel takes to give back its memory. */
const REAP_TIMEOUT_MS = 5000;
const UNDO_TIMEOUT_MS = 15_000;
const LOOK_MS = 10;

/** QEMU launched by rootd. That process is no child of ours, and its files and sockets are in the same folder. */
export function createJailedLauncher(jail: Jail): Launcher {
  return {
    async launch(call, machine) {
      await using undoing = new AsyncDisposableStack();
      // A caller that leaves, or a rootd that dies, may leave a VMM that nobody has heard of.
      undoing.defer(undo(call.log, 'end vmm', () => end(jail, call, machine)));
      const launched = await jail.launch(call, machine, tscKhzFor(machine.accelerator));
      undoing.move();
      return launched;
    },
    async find(call, { vmId }, process) {
      // While the very process runs, rootd need not: guests outlive it.
      if (process !== undefined && isRunning(process)) return process;
      const found = await jail.find(call, vmId);
      const isOther = process !== undefined && found?.startTicks !== process.startTicks;
      return isOther ? undefined : found;
    },
    signal: (call, { vmId }, _process, signal) => jail.signal(call, vmId, signal),
    async clear(call, place) {
      await reap(jail, call, place);
      await removeSockets(place);
    },
  };
}

async function end(jail: Jail, call: Call, place: Machine): Promise<void> {
  const firm = { ...call, signal: AbortSignal.timeout(UNDO_TIMEOUT_MS) };
  await jail.signal(firm, place.vmId, 'KILL');
  await reap(jail, firm, place);
}

/** rootd refuses while anything of the VMM lives. */
async function reap(jail: Jail, call: Call, { vmId }: MachinePlace): Promise<void> {
  const deadline = performance.now() + REAP_TIMEOUT_MS;
  for (;;) {
    try {
      return await jail.reap(call, vmId);
    } catch (error) {
      if (!hasReason(error, 'VM_RUNNING') || performance.now() > deadline) throw error;
    }
    await sleep(LOOK_MS, undefined, { signal: call.signal });
  }
}
