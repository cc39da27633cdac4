import { whenAborted } from '#kit/abort.ts';
import { hasReason } from '#kit/errors.ts';
import { deleteVm } from './delete-vm.ts';
import type { Vmd } from './ports.ts';
import type { Vm } from './vm.ts';

/** A VM that is somebody's for as long as they are there goes when they are not, whatever ended them. */
export function deleteWhenLeft(vmd: Vmd, { id }: Vm, holder: AbortSignal): void {
  const call = vmd.backgroundCall();
  const end = async () => {
    await whenAborted(holder);
    call.log.info('vm left by its holder', { vm: id });
    await deleteVm(vmd, call, id, { onlyIfStopped: false }, () => undefined);
  };
  end().catch((error: unknown) => {
    // A holder who leaves in good order has deleted it.
    if (hasReason(error, 'VM_NOT_FOUND')) return;
    call.log.error('vm of a holder who left not deleted', { vm: id, error });
  });
}
