import type { Call } from '#kit/call.ts';
import type { Report } from '#kit/stages.ts';
import type { MachineExit, RunningMachine } from './driver.ts';
import { settleStopped } from './end-machine.ts';
import type { Guest } from './guest.ts';
import type { Vmd } from './ports.ts';
import { isUp, moveTo, type Vm, withoutRun } from './vm.ts';

const PANIC_TAIL_BYTES = 8192;

/** Boots a VM whose lock is held; handed over, because whoever boots a machine also has it watched. */
type Boot = (vmd: Vmd, call: Call, vm: Vm, report: Report) => Promise<Vm>;

/**
 * Notices when a machine ends by itself: the guest powered off, or the host's kernel killed it. One whose guest
 * restarted is booted again.
 */
export function watchMachine(vmd: Vmd, vm: Vm, machine: RunningMachine, boot: Boot): void {
  const call = vmd.backgroundCall();
  const notice = async () => {
    const exit = await machine.exited;
    await vmd.locks.with(vm.id, call.signal, async () => {
      // A verb that ended it under the lock has also cleaned up after it.
      if (vmd.live.find(vm.id)?.machine !== machine) return;
      const current = await vmd.store.find(vm.id);
      if (current === undefined || !isUp(current)) return;
      call.log.info('vm ended by itself', { vm: vm.id, ...exit });
      await settleStopped(vmd, call, current);
      const { again, stateDetail } = await judge(machine, exit);
      if (again) await bootAgain(vmd, call, current, boot);
      else await vmd.store.update(moveTo(withoutRun(current), 'stopped', { stateDetail }));
    });
  };
  notice().catch((error: unknown) => call.log.error('exit not settled', { vm: vm.id, error }));
}

/** A kernel that panics restarts too, and would do so again and again. Only its console tells the two apart. */
async function judge(machine: RunningMachine, { cause, detail }: MachineExit) {
  if (cause !== 'reboot') return { again: false, stateDetail: detail };
  const panicked = (await machine.readConsole(PANIC_TAIL_BYTES)).includes('Kernel panic');
  if (panicked) return { again: false, stateDetail: "the guest's kernel panicked" };
  return { again: true, stateDetail: detail };
}

async function bootAgain(vmd: Vmd, call: Call, vm: Vm, boot: Boot): Promise<void> {
  call.log.info('vm restarted by its guest', { vm: vm.id });
  try {
    await boot(vmd, call, vm, () => undefined);
  } catch (error) {
    call.log.warn('vm did not come up after its guest restarted', { vm: vm.id, error });
    const current = await vmd.store.find(vm.id);
    if (current === undefined || !isUp(current)) return;
    const stateDetail = 'restarted by the guest, and not booted again';
    await vmd.store.update(moveTo(withoutRun(current), 'stopped', { stateDetail }));
  }
}

/** Connects again when the channel to a running guest is lost; the guest takes the new connection over. */
export function watchGuest(vmd: Vmd, vm: Vm, machine: RunningMachine, guest: Guest): void {
  const call = vmd.backgroundCall();
  const reconnect = async () => {
    await guest.closed;
    const live = vmd.live.find(vm.id);
    if (live?.machine !== machine || live.guest !== guest) return;
    vmd.live.set(vm.id, { machine });
    const ended = new AbortController();
    void machine.exited.then(() => ended.abort());
    const fresh = await vmd.guests.connect({ ...call, signal: ended.signal }, machine.guestSocket);
    if (vmd.live.find(vm.id)?.machine !== machine) {
      fresh.close();
      return;
    }
    call.log.info('guest channel restored', { vm: vm.id });
    vmd.live.set(vm.id, { machine, guest: fresh });
    watchGuest(vmd, vm, machine, fresh);
  };
  reconnect().catch((error: unknown) => call.log.info('guest channel ended', { vm: vm.id, error }));
}
