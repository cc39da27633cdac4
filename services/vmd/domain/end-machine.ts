import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import type { MachinePlace, MachineSignal, RunningMachine } from './driver.ts';
import { getDriver } from './drivers.ts';
import type { Vmd } from './ports.ts';
import { closePorts } from './publish-vm-port.ts';
import type { Vm } from './vm.ts';

export function placeOf(vmd: Pick<Vmd, 'disks'>, vm: Vm): MachinePlace {
  const folder = vmd.disks.folder(vm.id);
  return { vmId: vm.id, folder, privileged: vm.spec.network === 'bridge' };
}

/** Ends a machine's process and waits until it has ended. Its folder is clean afterwards. */
export async function endMachine(
  vmd: Vmd,
  call: Call,
  vm: Vm,
  machine: RunningMachine,
  signal: MachineSignal = 'KILL',
): Promise<void> {
  vmd.live.find(vm.id)?.guest?.close();
  await machine.signal(call, signal);
  await machine.exited;
  vmd.live.delete(vm.id);
  machine.release();
  await getDriver(vmd, vm.driver).clear(call, placeOf(vmd, vm));
}

/** Gives back what a VM holds only while it runs. Every step is tried; failures are told together. */
export async function settleStopped(vmd: Vmd, call: Call, vm: Vm): Promise<void> {
  const live = vmd.live.find(vm.id);
  vmd.live.delete(vm.id);
  const steps = [
    async () => live?.guest?.close(),
    async () => live?.machine.release(),
    () => closePorts(vmd, vm.id),
    () => getDriver(vmd, vm.driver).clear(call, placeOf(vmd, vm)),
    () => vmd.network.detach(call, vm.id),
  ];
  await everyStep(steps, `vm "${vm.name}" left something behind`);
}

/** Runs all steps in order, whatever fails among them, and then fails with all of it. */
export async function everyStep(
  steps: readonly (() => Promise<unknown>)[],
  message: string,
): Promise<void> {
  const errors: unknown[] = [];
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw toldTogether(errors, message);
}

/** A caller learns the reason of the first failure that has one; the log has all of them. */
function toldTogether(errors: readonly unknown[], message: string): Error {
  const cause = new AggregateError(errors, message);
  const first = errors.find((error) => error instanceof BangerError && error.reason !== 'INTERNAL');
  if (!(first instanceof BangerError)) return cause;
  const { reason, metadata } = first;
  return new BangerError(reason, `${message}: ${first.message}`, { cause, metadata });
}
