import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import { type Report, runStage } from '#kit/stages.ts';
import { endMachine, everyStep, settleStopped } from './end-machine.ts';
import type { Vmd } from './ports.ts';
import { isUp, moveTo, type Vm } from './vm.ts';
import { withVm } from './with-vm.ts';

export type DeleteVm = { onlyIfStopped: boolean };

/** Ends the VM and removes all that is its own. What is being deleted has no need of a clean power-off. */
export function deleteVm(
  vmd: Vmd,
  call: Call,
  reference: string,
  { onlyIfStopped }: DeleteVm,
  report: Report,
): Promise<Vm> {
  return withVm(vmd, call, reference, async (vm) => {
    if (onlyIfStopped && isUp(vm)) {
      throw new BangerError(
        'VM_RUNNING',
        `vm "${vm.name}" is running; stop it first with: banger vm stop ${vm.name}`,
        { metadata: { vm: vm.name } },
      );
    }
    const deleting = moveTo(vm, 'deleting');
    await vmd.store.update(deleting);
    await removeVm(vmd, vmd.backgroundCall(call.opId), deleting, report);
    return vm;
  });
}

/**
 * Removes a VM whose record says that it is being deleted; reconcile finishes what a crash interrupted.
 * Order matters: the record goes last, because it is what the rest is found by.
 */
export async function removeVm(
  vmd: Vmd,
  call: Call,
  vm: Vm,
  report: Report = () => undefined,
): Promise<void> {
  const machine = vmd.live.find(vm.id)?.machine;
  await everyStep(
    [
      () =>
        runStage(report, 'machine', async () => {
          if (machine !== undefined) await endMachine(vmd, call, vm, machine);
          await settleStopped(vmd, call, vm);
        }),
      () => runStage(report, 'network', () => vmd.network.release(call, vm.id)),
      () => runStage(report, 'disks', () => vmd.disks.remove(vm.id)),
      () => runStage(report, 'images', () => vmd.images.release(call, vm.id)),
    ],
    `vm "${vm.name}" could not be deleted whole; try again with: banger vm delete ${vm.name}`,
  );
  await vmd.store.remove(vm.id);
}
