import type { Call } from '#kit/call.ts';
import { createKeyedLock } from '#kit/keyed-lock.ts';
import type { VmId } from '#kit/names.ts';

/**
 * Who waits for whom: changes of the network one after the other, because each reads the kernel's state before
 * it changes it; changes of one VM's VMM likewise, while different VMs run in parallel. Listings wait for nobody.
 */
export function createTurns() {
  const locks = createKeyedLock<'network' | VmId>();
  return {
    network: <Result>(call: Call, work: () => Promise<Result>) =>
      locks.with('network', call.signal, work),
    vmm: <Result>(call: Call, vmId: VmId, work: () => Promise<Result>) =>
      locks.with(vmId, call.signal, work),
  };
}

export type Turns = ReturnType<typeof createTurns>;
