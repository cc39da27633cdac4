import type { Call } from '#kit/call.ts';
import { bootVm } from './boot-vm.ts';
import { removeVm } from './delete-vm.ts';
import type { RunningMachine } from './driver.ts';
import { getDriver } from './drivers.ts';
import { endMachine, everyStep, placeOf, settleStopped } from './end-machine.ts';
import type { Vmd } from './ports.ts';
import { openPorts } from './publish-vm-port.ts';
import { finishStop } from './stop-vm.ts';
import { isUp, moveTo, type Vm, withoutRun } from './vm.ts';
import { watchGuest, watchMachine } from './watch-machine.ts';

/**
 * Makes records and reality agree, before anybody is listened to: guests that run are found again, and what a crash
 * left half done is finished or undone. Answers the VMs to start again because the host was restarted.
 */
export async function reconcile(vmd: Vmd, call: Call): Promise<Vm[]> {
  const restart: Vm[] = [];
  for (const vm of await vmd.store.list()) {
    try {
      if (vm.held) await endHeldVm(vmd, call, vm);
      else if (await reconcileVm(vmd, call, vm)) restart.push(vm);
    } catch (error) {
      // One broken VM must not keep the others from being served.
      call.log.error('vm not reconciled', { vm: vm.id, error });
    }
  }
  return restart;
}

/** Whether the VM ran when the host went down and is to be started again. */
async function reconcileVm(vmd: Vmd, call: Call, vm: Vm): Promise<boolean> {
  const machine = await findMachine(vmd, call, vm);
  switch (vm.state) {
    case 'running':
    case 'paused':
      if (machine === undefined) return noteEnd(vmd, call, vm);
      adopt(vmd, vm, machine);
      await reopenPorts(vmd, call, vm);
      return false;
    case 'creating':
    case 'deleting':
      if (machine !== undefined) vmd.live.set(vm.id, { machine });
      await removeVm(vmd, call, vm);
      return false;
    case 'stopping':
      if (machine !== undefined) await meetGuest(vmd, call, vm, machine);
      await finishStop(vmd, call, vm, vmd.settings.graceMs, () => undefined);
      return false;
    case 'starting':
      if (machine !== undefined) await endMachine(vmd, call, vm, machine);
      await settleStopped(vmd, call, vm);
      await vmd.store.update(
        moveTo(withoutRun(vm), 'stopped', { stateDetail: `vmd ended while it was ${vm.state}` }),
      );
      return false;
    case 'stopped':
    case 'error':
      if (machine !== undefined) await endMachine(vmd, call, vm, machine);
      return false;
  }
}

/** Whoever held it lost the call with the vmd that served it. */
async function endHeldVm(vmd: Vmd, call: Call, vm: Vm): Promise<void> {
  const machine = await findMachine(vmd, call, vm);
  if (machine !== undefined) vmd.live.set(vm.id, { machine });
  await removeVm(vmd, call, vm);
}

/** The guest of a VM that was being stopped may have written what is not on its disk yet, so it is asked once more. */
async function meetGuest(vmd: Vmd, call: Call, vm: Vm, machine: RunningMachine): Promise<void> {
  vmd.live.set(vm.id, { machine });
  const limit = AbortSignal.timeout(vmd.settings.graceMs);
  const ended = new AbortController();
  void machine.exited.then(() => ended.abort());
  const signal = AbortSignal.any([limit, ended.signal]);
  try {
    await machine.resume({ ...call, signal });
    const guest = await vmd.guests.connect({ ...call, signal }, machine.guestSocket);
    vmd.live.set(vm.id, { machine, guest });
  } catch (error) {
    call.log.info('guest of a half-done stop not met', { vm: vm.id, error });
  }
}

const BETWEEN_STATES: readonly Vm['state'][] = ['creating', 'starting', 'stopping', 'deleting'];

/**
 * A process of another boot of the host is gone, whatever has its number now. A VM that was about to be launched may
 * have a machine that its record does not know.
 */
async function findMachine(vmd: Vmd, call: Call, vm: Vm): Promise<RunningMachine | undefined> {
  const { run } = vm;
  if (run !== undefined && run.hostBootId !== vmd.host.bootId()) return undefined;
  if (run === undefined && !BETWEEN_STATES.includes(vm.state)) return undefined;
  return getDriver(vmd, vm.driver).find(call, placeOf(vmd, vm), run?.process);
}

async function noteEnd(vmd: Vmd, call: Call, vm: Vm): Promise<boolean> {
  const rebooted = vm.run?.hostBootId !== vmd.host.bootId();
  await settleStopped(vmd, call, vm);
  const stateDetail = rebooted ? 'the host was restarted' : 'it ended while vmd was not running';
  await vmd.store.update(moveTo(withoutRun(vm), 'stopped', { stateDetail }));
  return rebooted && vm.spec.autostart;
}

/** The machine is known at once; its guest answers as soon as the channel stands again. */
function adopt(vmd: Vmd, vm: Vm, machine: RunningMachine): void {
  vmd.live.set(vm.id, { machine });
  watchMachine(vmd, vm, machine, bootVm);
  const call = vmd.backgroundCall();
  const connect = async () => {
    const guest = await vmd.guests.connect(call, machine.guestSocket);
    if (vmd.live.find(vm.id)?.machine !== machine) {
      guest.close();
      return;
    }
    vmd.live.set(vm.id, { machine, guest });
    watchGuest(vmd, vm, machine, guest);
    call.log.info('guest found again', { vm: vm.id });
  };
  connect().catch((error: unknown) => call.log.warn('guest not found', { vm: vm.id, error }));
}

/** Somebody may have taken a port while vmd was away; the guest is worth more than its port. */
async function reopenPorts(vmd: Vmd, call: Call, vm: Vm): Promise<void> {
  try {
    await openPorts(vmd, vm);
  } catch (error) {
    call.log.warn('published ports not restored', { vm: vm.id, error });
  }
}

/** Gives back what the other services hold, and removes folders, for VMs that no record knows. */
export async function freeOrphans(vmd: Vmd, call: Call): Promise<void> {
  const [images, leases, folders] = await Promise.all([
    vmd.images.listHolders(call),
    vmd.network.listHolders(call),
    vmd.disks.list(),
  ]);
  // Read last: a VM that is created meanwhile has its record before it holds anything but images.
  const known = new Set((await vmd.store.list()).map(({ id }) => id));
  const isOrphan = (id: Vm['id']) => !known.has(id) && !vmd.locks.isHeld(id);
  const steps = [
    ...leases.filter(isOrphan).map((id) => () => vmd.network.release(call, id)),
    ...images.filter(isOrphan).map((id) => () => vmd.images.release(call, id)),
    ...folders.filter(isOrphan).map((id) => () => vmd.disks.remove(id)),
  ];
  if (steps.length > 0) call.log.info('orphans freed', { count: steps.length });
  await everyStep(steps, 'some orphans could not be freed');
}

/** Every verb holds the VM's lock; what is half-way somewhere without one is what a verb that failed has left. */
function isAdrift(vmd: Vmd, vm: Vm): boolean {
  if (isUp(vm)) return vmd.live.find(vm.id) === undefined;
  return BETWEEN_STATES.includes(vm.state);
}

/** A VM that runs and has no guest channel, or the other way round, is put right by its watchers; this is for drift. */
export async function recheck(vmd: Vmd, call: Call): Promise<void> {
  for (const vm of await vmd.store.list()) {
    if (!isAdrift(vmd, vm) || vmd.locks.isHeld(vm.id)) continue;
    await vmd.locks.with(vm.id, call.signal, async () => {
      const current = await vmd.store.find(vm.id);
      if (current !== undefined && isAdrift(vmd, current)) await reconcileVm(vmd, call, current);
    });
  }
  await freeOrphans(vmd, call);
}
