import type { Call } from '#kit/call.ts';
import type { Vmd } from './ports.ts';
import { freeOrphans, recheck, reconcile } from './reconcile.ts';
import { startVm } from './start-vm.ts';
import { stopIdleVms } from './stop-idle-vms.ts';
import type { Vm } from './vm.ts';

const UPKEEP_MS = 5 * 60_000;

/** Puts everything right before anybody is listened to, and keeps it right every few minutes. */
export async function startUpkeep(vmd: Vmd): Promise<void> {
  const call = vmd.backgroundCall();
  const again = await reconcile(vmd, call);
  // The other services may still be starting; what belongs to no VM can wait for them.
  freeOrphans(vmd, call).catch((error: unknown) => call.log.warn('orphans not freed', { error }));
  startAgain(vmd, call, again).catch((error: unknown) =>
    call.log.error('vms not started again', { error }),
  );
  keepUp(vmd, call).catch((error: unknown) => call.log.error('upkeep ended', { error }));
}

/** One after the other: a host that has just booted has better things to do than to boot all guests at once. */
async function startAgain(vmd: Vmd, call: Call, vms: readonly Vm[]): Promise<void> {
  for (const vm of vms) {
    try {
      await startVm(vmd, call, vm.id, () => undefined);
    } catch (error) {
      call.log.warn('vm not started again', { vm: vm.id, error });
    }
  }
}

async function keepUp(vmd: Vmd, call: Call): Promise<void> {
  for (;;) {
    await vmd.host.sleep(UPKEEP_MS, call.signal);
    const turn = vmd.backgroundCall();
    for (const work of [recheck, stopIdleVms]) {
      try {
        await work(vmd, turn);
      } catch (error) {
        turn.log.warn('upkeep failed', { work: work.name, error });
      }
    }
  }
}
