import type { Call } from '#kit/call.ts';
import { hasReason } from '#kit/errors.ts';
import { deleteVm } from './delete-vm.ts';
import type { Vmd } from './ports.ts';
import type { Vm } from './vm.ts';

export type Pruned = { vm: Vm; failure?: unknown };

/** Deletes every VM that is not running. One that starts in the meantime is left alone. */
export async function* pruneVms(
  vmd: Vmd,
  call: Call,
  { dryRun }: { dryRun: boolean },
): AsyncGenerator<Pruned, void> {
  const idle = (await vmd.store.list()).filter(
    ({ state }) => state === 'stopped' || state === 'error',
  );
  for (const vm of idle) {
    call.signal.throwIfAborted();
    if (dryRun) {
      yield { vm };
      continue;
    }
    try {
      await deleteVm(vmd, call, vm.id, { onlyIfStopped: true }, () => undefined);
      yield { vm };
    } catch (failure) {
      const overtaken = hasReason(failure, 'VM_RUNNING') || hasReason(failure, 'VM_NOT_FOUND');
      if (!overtaken) yield { vm, failure };
    }
  }
}
