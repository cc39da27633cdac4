import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import type { Vmd } from './ports.ts';
import { moveTo, type Vm } from './vm.ts';
import { withVm } from './with-vm.ts';

/**
 * Lets a paused VM go on and sets its clock right, which stood still. QEMU halts one by itself when the host has no room
 * for what its guest writes; its record knows nothing of that, so one that is said to run is told to go on too.
 */
export function resumeVm(vmd: Vmd, call: Call, reference: string): Promise<Vm> {
  return withVm(vmd, call, reference, async (vm) => {
    const live = vmd.live.find(vm.id);
    if (vm.state === 'running') {
      await live?.machine.resume(call);
      return vm;
    }
    if (vm.state !== 'paused' || live === undefined) {
      throw new BangerError(
        'VM_NOT_RUNNING',
        `vm "${vm.name}" is not paused; start it with: banger vm start ${vm.name}`,
        { metadata: { vm: vm.name, state: vm.state } },
      );
    }
    await live.machine.resume(call);
    const running = moveTo(vm, 'running', { lastUsedAt: vmd.host.now() });
    await vmd.store.update(running);
    await live.guest?.setClock(call, vmd.host.now());
    return running;
  });
}
