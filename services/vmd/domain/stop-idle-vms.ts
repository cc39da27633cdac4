import type { Call } from '#kit/call.ts';
import type { Vmd } from './ports.ts';
import { haltVm } from './stop-vm.ts';
import { withVm } from './with-vm.ts';

/** Stops VMs that nobody used for the configured time. A VM in which something runs in the foreground is in use. */
export async function stopIdleVms(vmd: Vmd, call: Call): Promise<void> {
  const { idleStopMs } = vmd.settings;
  if (idleStopMs === 0) return;
  const isIdle = (lastUsedAt: Date) => vmd.host.now().getTime() - lastUsedAt.getTime() > idleStopMs;
  for (const { id, state, lastUsedAt } of await vmd.store.list()) {
    if (state !== 'running' || !isIdle(lastUsedAt)) continue;
    await withVm(vmd, call, id, async (vm) => {
      if (vm.state !== 'running' || !isIdle(vm.lastUsedAt)) return;
      call.log.info('idle vm stopped', { vm: vm.id });
      await haltVm(vmd, call, vm, undefined, () => undefined);
    });
  }
}
