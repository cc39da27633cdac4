import { whenAborted } from '#kit/abort.ts';
import type { Call } from '#kit/call.ts';
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
  /** Settles at the next change. */
  changed(): Promise<void>;
};

export function createLiveVms(): LiveVms {
  const live = new Map<VmId, LiveVm>();
  let change = Promise.withResolvers<void>();
  const tell = () => {
    change.resolve();
    change = Promise.withResolvers();
  };
  return {
    find: (id) => live.get(id),
    set(id, vm) {
      live.set(id, vm);
      tell();
    },
    delete(id) {
      live.delete(id);
      tell();
    },
    list: () => [...live],
    changed: () => change.promise,
  };
}

/** A guest that is just met again answers sooner, unless the host has no time for it. */
const PATIENCE_MS = 10_000;

/**
 * The guest of a VM that must be running, or the error that says what it is instead. Waits a little where the channel
 * was lost, or vmd has just come back and is about to meet the guest.
 */
export async function awaitGuest(live: LiveVms, { signal }: Call, vm: Vm): Promise<Guest> {
  refuseUnlessRunning(vm);
  const patience = AbortSignal.timeout(PATIENCE_MS);
  for (;;) {
    const found = live.find(vm.id);
    if (found?.guest !== undefined) return found.guest;
    signal.throwIfAborted();
    if (found === undefined || patience.aborted) throw unreachable(vm);
    const left = AbortSignal.any([signal, patience]);
    await Promise.race([live.changed(), whenAborted(left)]);
  }
}

function refuseUnlessRunning(vm: Vm): void {
  if (vm.state === 'running') return;
  const why =
    vm.state === 'paused'
      ? `paused; let it go on with: banger vm resume ${vm.name}`
      : `not running; start it with: banger vm start ${vm.name}`;
  throw new BangerError('VM_NOT_RUNNING', `vm "${vm.name}" is ${why}`, {
    metadata: { vm: vm.name, state: vm.state },
  });
}

function unreachable(vm: Vm): BangerError {
  return new BangerError(
    'GUEST_UNREACHABLE',
    `vm "${vm.name}" runs but its guest does not answer; see: banger vm logs ${vm.name}; or start it anew with: banger vm restart ${vm.name}`,
    { metadata: { vm: vm.name } },
  );
}
