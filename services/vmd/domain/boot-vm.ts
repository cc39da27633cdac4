import type { Call } from '#kit/call.ts';
import { BangerError, hasReason } from '#kit/errors.ts';
import { type Report, runStage } from '#kit/stages.ts';
import { undo } from '#kit/undo.ts';
import type { Machine, RunningMachine } from './driver.ts';
import { getDriver } from './drivers.ts';
import { endMachine, placeOf } from './end-machine.ts';
import type { Guest } from './guest.ts';
import type { ImageFiles, Lease, Vmd } from './ports.ts';
import { closePorts, openPorts, refuseTakenPorts } from './publish-vm-port.ts';
import { refuseRegistered } from './refuse-registered.ts';
import { moveTo, type Vm, withoutRun, withoutSyncedFiles } from './vm.ts';
import { refuseOversize } from './vm-settings.ts';
import { watchGuest, watchMachine } from './watch-machine.ts';

/** A guest that hangs in its boot is given a second chance: under software emulation it happens at random. */
const ATTEMPTS = 2;

/**
 * The common half of create and start, entered with the VM's lock held and its disks in place. Network, launch,
 * guest: each stage is undone when a later one fails, and the record ends as `stopped` or `error`.
 */
export async function bootVm(vmd: Vmd, call: Call, vm: Vm, report: Report): Promise<Vm> {
  refuseOversize(vmd.host, vm.spec);
  await refuseTakenPorts(vmd, vm);
  const starting = moveTo(withoutRun(vm), 'starting', { pendingSettings: [] });
  await vmd.store.update(starting);
  try {
    return await boot(vmd, call, starting, report);
  } catch (error) {
    const ended = call.signal.aborted
      ? moveTo(starting, 'stopped', { stateDetail: 'the start was cancelled' })
      : moveTo(starting, 'error', { failure: toFailure(vmd, error) });
    await vmd.store.update(ended);
    throw error;
  }
}

async function boot(vmd: Vmd, call: Call, vm: Vm, report: Report): Promise<Vm> {
  await using undoing = new AsyncDisposableStack();
  const cleanUp = vmd.backgroundCall(call.opId);
  const image = await vmd.images.leaseImage(call, vm.id, vm.image.id);
  refuseRegistered(image, vm.spec.network);
  undoing.defer(undo(call.log, 'detach lease', () => vmd.network.detach(cleanUp, vm.id)));
  const lease = await runStage(report, 'network', async (tell) => {
    const found = await attach(vmd, call, vm);
    tell(found?.address ?? vm.spec.network);
    return found;
  });
  const { machine, guest, running } = await powerUp(vmd, call, { vm, image, lease, report });
  undoing.defer(undo(call.log, 'end machine', () => endMachine(vmd, cleanUp, running, machine)));
  undoing.defer(undo(call.log, 'close ports', () => closePorts(vmd, vm.id)));
  const published = await runStage(report, 'publish', async () => {
    const ready = { ...running, publishedPorts: await openPorts(vmd, running) };
    await vmd.store.update(ready);
    return ready;
  });
  vmd.live.set(vm.id, { machine, guest });
  watchMachine(vmd, published, machine, bootVm);
  watchGuest(vmd, published, machine, guest);
  undoing.move();
  return published;
}

async function attach(vmd: Vmd, call: Call, vm: Vm): Promise<Lease | undefined> {
  if (vm.spec.network === 'none') return undefined;
  await vmd.network.acquire(call, vm);
  return vmd.network.attach(call, vm.id);
}

type PowerUp = { vm: Vm; image: ImageFiles; lease: Lease | undefined; report: Report };
type PoweredUp = { machine: RunningMachine; guest: Guest; running: Vm };

async function powerUp(vmd: Vmd, call: Call, plan: PowerUp): Promise<PoweredUp> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await powerUpOnce(vmd, call, plan);
    } catch (error) {
      if (attempt === ATTEMPTS || !hasReason(error, 'BOOT_TIMEOUT')) throw error;
      call.log.warn('boot timed out, trying again', { vm: plan.vm.id, attempt });
    }
  }
}

async function powerUpOnce(vmd: Vmd, call: Call, plan: PowerUp): Promise<PoweredUp> {
  const { vm, image, lease, report } = plan;
  const driver = getDriver(vmd, vm.driver);
  await using undoing = new AsyncDisposableStack();
  const launched = await runStage(report, 'launch', async (tell) => {
    const planned = await planMachine(vmd, call, { vm, image, lease });
    tell(`${driver.name}, ${planned.accelerator}`);
    return { accelerator: planned.accelerator, machine: await driver.launch(call, planned) };
  });
  const { machine, accelerator } = launched;
  const cleanUp = vmd.backgroundCall(call.opId);
  undoing.defer(undo(call.log, 'end machine', () => endMachine(vmd, cleanUp, vm, machine)));
  const startedAt = vmd.host.now();
  const run = {
    process: machine.process,
    accelerator,
    hostBootId: vmd.host.bootId(),
    address: lease?.address ?? '',
    startedAt,
  };
  // Before the guest is waited for: after a crash the process must be found by its record.
  await vmd.store.update({ ...vm, run: { ...run, bootId: '', bootPhases: [] } });
  const guest = await runStage(report, 'boot', () => awaitGuest(vmd, call, vm, machine));
  undoing.move();
  const { bootId, phases } = guest;
  const running = moveTo(withoutSyncedFiles(vm), 'running', {
    imageConfig: image.config,
    run: { ...run, bootId, bootPhases: phases },
    lastUsedAt: startedAt,
  });
  return { machine, guest, running };
}

async function planMachine(
  vmd: Vmd,
  call: Call,
  { vm, image, lease }: Omit<PowerUp, 'report'>,
): Promise<Machine> {
  const driver = getDriver(vmd, vm.driver);
  const kernel = await vmd.images.leaseKernel(call, vm.id, vm.kernel.id);
  await vmd.disks.grow(call, vm);
  const place = placeOf(vmd, vm);
  const identity = { vm, lease, image: image.config, kernel };
  return {
    ...place,
    vcpus: vm.spec.vcpus,
    memoryMib: vm.spec.memoryMib,
    accelerator: await driver.chooseAccelerator(call, kernel),
    kernel,
    imageId: image.id,
    initrd: await vmd.identities.write(call, place.folder, kernel.initrd, identity),
    disks: vmd.disks.paths(vm.id),
    network: lease?.machine ?? { mode: 'none' },
  };
}

/** Ready means that the agent answered. Whatever ends the wait, the console's last words go into the error. */
async function awaitGuest(vmd: Vmd, call: Call, vm: Vm, machine: RunningMachine): Promise<Guest> {
  const limit = AbortSignal.timeout(vmd.settings.bootTimeoutMs);
  const stopped = new AbortController();
  const signal = AbortSignal.any([call.signal, limit, stopped.signal]);
  const gone = machine.exited.then(({ detail }) => {
    stopped.abort();
    return detail;
  });
  try {
    return await vmd.guests.connect({ ...call, signal }, machine.guestSocket);
  } catch (cause) {
    call.signal.throwIfAborted();
    const ended = stopped.signal.aborted;
    // The guest itself said what went wrong: better than anything that can be guessed here.
    if (!ended && !limit.aborted) throw cause;
    const why = ended
      ? await gone
      : `did not answer within ${vmd.settings.bootTimeoutMs / 1000} s (boot_timeout of [vmd] in the configuration)`;
    const said = (await machine.readConsole(1000)).trim().split('\n').slice(-5).join('\n');
    throw new BangerError(
      ended ? 'GUEST_UNREACHABLE' : 'BOOT_TIMEOUT',
      `the guest of vm "${vm.name}" ${why}${said === '' ? '' : `; its console said last:\n${said}`}`,
      { cause, metadata: { vm: vm.name } },
    );
  }
}

function toFailure(vmd: Vmd, error: unknown) {
  const known = error instanceof BangerError;
  return {
    reason: known ? error.reason : ('INTERNAL' as const),
    message: known ? error.message : 'internal error; see the log of vmd',
    at: vmd.host.now(),
  };
}
