import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import { getDriver } from './drivers.ts';
import type { Vmd } from './ports.ts';
import { moveTo, type Vm } from './vm.ts';
import { withVm } from './with-vm.ts';

/** Halts the virtual processors; memory stays where it is. */
export function pauseVm(vmd: Vmd, call: Call, reference: string): Promise<Vm> {
  return withVm(vmd, call, reference, async (vm) => {
    if (vm.state === 'paused') return vm;
    const machine = vmd.live.find(vm.id)?.machine;
    if (vm.state !== 'running' || machine === undefined) {
      throw new BangerError(
        'VM_NOT_RUNNING',
        `vm "${vm.name}" is not running, so there is nothing to pause; start it with: banger vm start ${vm.name}`,
        { metadata: { vm: vm.name, state: vm.state } },
      );
    }
    if (!getDriver(vmd, vm.driver).features.pause) {
      throw new BangerError('FEATURE_UNSUPPORTED', `driver "${vm.driver}" cannot pause a vm`);
    }
    await machine.pause(call);
    const paused = moveTo(vm, 'paused');
    await vmd.store.update(paused);
    return paused;
  });
}
