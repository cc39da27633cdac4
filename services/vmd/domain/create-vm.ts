import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import type { VmName } from '#kit/names.ts';
import { type Report, runStage } from '#kit/stages.ts';
import { undo } from '#kit/undo.ts';
import { bootVm } from './boot-vm.ts';
import { chooseDriver } from './drivers.ts';
import { deleteWhenLeft } from './hold-vm.ts';
import type { Credentials, ImageFiles, Vmd } from './ports.ts';
import { refuseTakenPorts } from './publish-vm-port.ts';
import { refuseRegistered } from './refuse-registered.ts';
import type { PublishedPort, SyncedFile, Vm, VmSpec } from './vm.ts';
import { moveTo } from './vm.ts';
import { completeSpec, refuseFullDisk, refuseOversize, type VmSettings } from './vm-settings.ts';

export type CreateVm = {
  /** Absent: a name is made up. */
  name?: VmName;
  image: string;
  kernel: string;
  settings: VmSettings;
  publish: readonly PublishedPort[];
  start: boolean;
  keepFailed: boolean;
  idempotencyKey: string;
  credentials: readonly Credentials[];
  gitIdentity?: { name: string; email: string };
  syncedFiles: readonly SyncedFile[];
  /** Present: the VM is deleted when this aborts. */
  holder?: AbortSignal;
};

/** Makes a VM and boots it. Nothing is left of a create that fails, unless the caller keeps a guest that did not come up. */
export async function createVm(
  vmd: Vmd,
  call: Call,
  wanted: CreateVm,
  report: Report,
): Promise<Vm> {
  const vm = await makeVm(vmd, call, wanted, report);
  if (wanted.holder !== undefined) deleteWhenLeft(vmd, vm, wanted.holder);
  return vm;
}

async function makeVm(vmd: Vmd, call: Call, wanted: CreateVm, report: Report): Promise<Vm> {
  const repeated = await vmd.store.findByKey(wanted.idempotencyKey);
  if (wanted.idempotencyKey !== '' && repeated !== undefined) return repeated;
  const driver = chooseDriver(vmd);
  const spec = await completeSpec(vmd, call, driver, wanted.settings);
  refuseOversize(vmd.host, spec);
  await refuseFullDisk(vmd);
  if (wanted.name !== undefined) await refuseTakenName(vmd, wanted.name);
  const image = await runStage(report, 'image', (tell) =>
    vmd.images.ensureImage(call, wanted.image || vmd.settings.image, wanted.credentials, tell),
  );
  refuseRegistered(image, spec.network);
  const kernel = await runStage(report, 'kernel', (tell) =>
    vmd.images.ensureKernel(call, wanted.kernel, tell),
  );
  return build(vmd, call, { wanted, spec, image: image.id, kernel, driver: driver.name }, report);
}

type Plan = { wanted: CreateVm; spec: VmSpec; image: string; kernel: string; driver: string };

async function build(vmd: Vmd, call: Call, plan: Plan, report: Report): Promise<Vm> {
  const cleanUp = vmd.backgroundCall(call.opId);
  const id = vmd.host.newId();
  return vmd.locks.with(id, call.signal, async () => {
    await using undoing = new AsyncDisposableStack();
    undoing.defer(undo(call.log, 'release images', () => vmd.images.release(cleanUp, id)));
    const { image, kernel } = await runStage(report, 'lease', async () => ({
      image: await vmd.images.leaseImage(call, id, plan.image),
      kernel: await vmd.images.leaseKernel(call, id, plan.kernel),
    }));
    const source = { image, kernel: { id: kernel.id, name: kernel.name } };
    const vm = newVm(vmd, id, plan, source);
    if (plan.wanted.start) await refuseTakenPorts(vmd, vm);
    undoing.defer(undo(call.log, 'remove record', () => vmd.store.remove(id)));
    undoing.defer(undo(call.log, 'release lease', () => vmd.network.release(cleanUp, id)));
    await runStage(report, 'reserve', async (tell) => {
      tell(vm.name);
      await vmd.store.insert(vm);
      await vmd.network.acquire(call, vm);
    });
    undoing.defer(undo(call.log, 'remove disks', () => vmd.disks.remove(id)));
    await runStage(report, 'disks', () => vmd.disks.create(call, vm, image));
    const made = plan.wanted.start ? await start(vmd, call, { vm, plan, undoing }, report) : vm;
    const settled = plan.wanted.start ? made : moveTo(vm, 'stopped');
    if (!plan.wanted.start) await vmd.store.update(settled);
    undoing.move();
    return settled;
  });
}

type Start = { vm: Vm; plan: Plan; undoing: AsyncDisposableStack };

async function start(vmd: Vmd, call: Call, { vm, plan, undoing }: Start, report: Report) {
  try {
    return await bootVm(vmd, call, vm, report);
  } catch (error) {
    // The record is in state error by now and says why; disks and logs stay for whoever wants to look.
    if (!plan.wanted.keepFailed || call.signal.aborted) throw error;
    undoing.move();
    throw naming(vm, error);
  }
}

/** The caller may not know the name, which was made up, of what is kept. */
function naming({ name }: Vm, error: unknown): unknown {
  if (!(error instanceof BangerError)) return error;
  const { reason, message, metadata } = error;
  return new BangerError(
    reason,
    `${message}\nvm "${name}" is kept as it is; read its console with: banger vm logs ${name}`,
    { cause: error, metadata: { ...metadata, vm: name } },
  );
}

function newVm(
  vmd: Vmd,
  id: Vm['id'],
  { wanted, spec, driver }: Plan,
  source: { image: ImageFiles; kernel: Vm['kernel'] },
): Vm {
  const now = vmd.host.now();
  return {
    id,
    name: wanted.name ?? vmd.host.newName(),
    state: 'creating',
    stateDetail: '',
    spec,
    image: { id: source.image.id, name: source.image.name },
    imageConfig: source.image.config,
    kernel: source.kernel,
    driver,
    pendingSettings: [],
    idempotencyKey: wanted.idempotencyKey,
    createdAt: now,
    lastUsedAt: now,
    publishedPorts: wanted.publish,
    ...(wanted.holder === undefined ? {} : { held: true }),
    ...(wanted.gitIdentity === undefined ? {} : { gitIdentity: wanted.gitIdentity }),
    ...(wanted.syncedFiles.length === 0 ? {} : { syncedFiles: wanted.syncedFiles }),
  };
}

/** Before the minutes that a pull may take; the insert checks again. */
async function refuseTakenName(vmd: Vmd, name: VmName): Promise<void> {
  const taken = (await vmd.store.list()).find((vm) => vm.name === name);
  if (taken === undefined) return;
  throw new BangerError(
    'VM_EXISTS',
    `there is a vm "${name}" already; choose another name, or delete it with: banger vm delete ${name}`,
    { metadata: { vm: name } },
  );
}
