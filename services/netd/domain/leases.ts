import type { Call } from '#kit/call.ts';
import { createKeyedLock } from '#kit/keyed-lock.ts';
import type { VmId } from '#kit/names.ts';

/**
 * One at a time per VM; different VMs never wait for each other. Whoever enters reads the record again, because it
 * may have changed while waiting.
 */
export type Leases = {
  with<Result>(vm: VmId, call: Call, work: () => Promise<Result>): Promise<Result>;
  isBusy(vm: VmId): boolean;
};

export function createLeases(): Leases {
  const lock = createKeyedLock<VmId>();
  return {
    with: (vm, call, work) => lock.with(vm, call.signal, work),
    isBusy: (vm) => lock.isHeld(vm),
  };
}
