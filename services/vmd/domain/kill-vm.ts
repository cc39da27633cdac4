import type { Call } from '#kit/call.ts';
import type { MachineSignal } from './driver.ts';
import { endMachine, settleStopped } from './end-machine.ts';
import type { Vmd } from './ports.ts';
import { isUp, moveTo, type Vm, withoutRun } from './vm.ts';
import { withVm } from './with-vm.ts';

/** Signals the machine without asking the guest. Ends in state stopped, never in error. */
export function killVm(
  vmd: Vmd,
  call: Call,
  reference: string,
  signal: MachineSignal,
): Promise<Vm> {
  return withVm(vmd, call, reference, async (vm) => {
    if (!isUp(vm)) return vm;
    const stopping = moveTo(vm, 'stopping');
    await vmd.store.update(stopping);
    const firm = vmd.backgroundCall(call.opId);
    const machine = vmd.live.find(vm.id)?.machine;
    if (machine !== undefined) await endMachine(vmd, firm, vm, machine, signal);
    await settleStopped(vmd, firm, stopping);
    const stopped = moveTo(withoutRun(stopping), 'stopped', { stateDetail: `killed by ${signal}` });
    await vmd.store.update(stopped);
    return stopped;
  });
}
