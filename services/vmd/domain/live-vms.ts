import { BangerError } from '#kit/errors.ts';
import type { VmId } from '#kit/names.ts';
import type { RunningMachine } from './driver.ts';
import type { Guest } from './guest.ts';
import type { Vm } from './vm.ts';

/** What this process holds of a VM that runs: gone with the process, found again by reconcile. */
export type LiveVm = { machine: RunningMachine; guest?: Guest };

export type LiveVms = {
  find(id: VmId): LiveVm | undefined;
  set(id: VmId, live: LiveVm): void;
  delete(id: VmId): void;
  list(): (readonly [VmId, LiveVm])[];
};

export function createLiveVms(): LiveVms {
  const live = new Map<VmId, LiveVm>();
  return {
    find: (id) => live.get(id),
    set: (id, vm) => void live.set(id, vm),
    delete: (id) => void live.delete(id),
    list: () => [...live],
  };
}

/** The guest of a VM that must be running, or the error that says what it is instead. */
export function getGuest(live: LiveVms, vm: Vm): Guest {
  if (vm.state === 'paused') {
    throw new BangerError(
      'VM_NOT_RUNNING',
      `vm "${vm.name}" is paused; let it go on with: banger vm resume ${vm.name}`,
      { metadata: { vm: vm.name, state: vm.state } },
    );
  }
  if (vm.state !== 'running') {
    throw new BangerError(
      'VM_NOT_RUNNING',
      `vm "${vm.name}" is not running; start it with: banger vm start ${vm.name}`,
      { metadata: { vm: vm.name, state: vm.state } },
    );
  }
  const guest = live.find(vm.id)?.guest;
  if (guest !== undefined) return guest;
  throw new BangerError(
    'GUEST_UNREACHABLE',
    `vm "${vm.name}" runs but its guest does not answer; see: banger vm logs ${vm.name}; or start it anew with: banger vm restart ${vm.name}`,
    { metadata: { vm: vm.name } },
  );
}
