import type { Call } from '#kit/call.ts';
import { type Report, runStage } from '#kit/stages.ts';
import type { RunningMachine } from './driver.ts';
import { endMachine, settleStopped } from './end-machine.ts';
import type { Vmd } from './ports.ts';
import { isUp, moveTo, type Vm, withoutRun } from './vm.ts';
import { withVm } from './with-vm.ts';

/** Asks the guest to write everything down and power off; after the grace time the machine is killed. */
export function stopVm(
  vmd: Vmd,
  call: Call,
  reference: string,
  graceMs: number | undefined,
  report: Report,
): Promise<Vm> {
  return withVm(vmd, call, reference, (vm) => haltVm(vmd, call, vm, graceMs, report));
}

/** Stop for a caller that holds the VM's lock. */
export async function haltVm(
  vmd: Vmd,
  call: Call,
  vm: Vm,
  graceMs: number | undefined,
  report: Report,
): Promise<Vm> {
  // With the lock held, a VM that is being stopped is one whose stop failed on its way: netd was not there, say.
  if (!isUp(vm) && vm.state !== 'stopping') return vm;
  const stopping = moveTo(vm, 'stopping');
  await vmd.store.update(stopping);
  // From here on the way leads to stopped only: a caller that leaves does not leave half a stop behind.
  const firm = vmd.backgroundCall(call.opId);
  return finishStop(vmd, firm, stopping, graceMs ?? vmd.settings.graceMs, report);
}

/** The rest of a stop, once the record says so: for the verb, and for what a crash left in the middle of it. */
export async function finishStop(
  vmd: Vmd,
  call: Call,
  stopping: Vm,
  graceMs: number,
  report: Report,
): Promise<Vm> {
  const live = vmd.live.find(stopping.id);
  if (live !== undefined) {
    const off = await runStage(report, 'power-off', () => powerOff(vmd, call, stopping, graceMs));
    if (!off) await runStage(report, 'kill', () => endMachine(vmd, call, stopping, live.machine));
  }
  return runStage(report, 'settle', async () => {
    await settleStopped(vmd, call, stopping);
    const stopped = moveTo(withoutRun(stopping), 'stopped');
    await vmd.store.update(stopped);
    return stopped;
  });
}

/** Whether the machine ended within the grace time. */
async function powerOff(vmd: Vmd, call: Call, vm: Vm, graceMs: number): Promise<boolean> {
  const live = vmd.live.find(vm.id);
  if (live?.guest === undefined) return false;
  const limit = AbortSignal.timeout(graceMs);
  try {
    const limited = { ...call, signal: limit };
    // A paused guest hears nothing until it goes on; one that runs is not disturbed.
    await live.machine.resume(limited);
    await live.guest.powerOff(limited);
  } catch (error) {
    // The channel may go down with the guest before its answer; the exit is what counts.
    call.log.info('power-off not answered', { vm: vm.id, error });
  }
  return endedBefore(live.machine, limit);
}

async function endedBefore(machine: RunningMachine, limit: AbortSignal): Promise<boolean> {
  if (limit.aborted) return false;
  const { promise: late, resolve } = Promise.withResolvers<false>();
  limit.addEventListener('abort', () => resolve(false), { once: true });
  return Promise.race([machine.exited.then(() => true), late]);
}
