import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import type { Report } from '#kit/stages.ts';
import { bootVm } from './boot-vm.ts';
import type { Vmd } from './ports.ts';
import { isUp, type Vm } from './vm.ts';
import { withVm } from './with-vm.ts';

/** Boots a stopped VM; one that runs is left as it is. */
export function startVm(vmd: Vmd, call: Call, reference: string, report: Report): Promise<Vm> {
  return withVm(vmd, call, reference, async (vm) => {
    if (isUp(vm)) return vm;
    if (vm.state === 'stopped' || vm.state === 'error') return bootVm(vmd, call, vm, report);
    throw new BangerError('VM_RUNNING', `vm "${vm.name}" is ${vm.state}; wait for that to end`, {
      metadata: { vm: vm.name, state: vm.state },
    });
  });
}
