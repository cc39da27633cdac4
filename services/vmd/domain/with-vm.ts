import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import { findVm } from './find-vm.ts';
import type { Vmd } from './ports.ts';
import type { Vm } from './vm.ts';

/** Runs a life-cycle verb on one VM, alone, with the record as it is once the lock is held. */
export async function withVm<Result>(
  vmd: Vmd,
  call: Call,
  reference: string,
  work: (vm: Vm) => Promise<Result>,
): Promise<Result> {
  const { id, name } = await findVm(vmd, reference);
  return vmd.locks.with(id, call.signal, async () => {
    const current = await vmd.store.find(id);
    if (current !== undefined) return work(current);
    throw new BangerError('VM_NOT_FOUND', `vm "${name}" was deleted meanwhile`, {
      metadata: { vm: name },
    });
  });
}
