import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import type { VmName } from '#kit/names.ts';
import { formatSize } from '#kit/size.ts';
import { getDriver } from './drivers.ts';
import type { Vmd } from './ports.ts';
import { refuseRegistered } from './refuse-registered.ts';
import { isUp, type Vm, type VmSpec } from './vm.ts';
import { checkSpec, refuseNetwork, type VmSettings } from './vm-settings.ts';
import { withVm } from './with-vm.ts';

export type SetVm = {
  name?: VmName;
  settings: VmSettings;
  removeLabels: readonly string[];
};

/** What a running machine cannot take over before its next start. */
const NEEDS_RESTART = [
  'vcpus',
  'memoryMib',
  'diskSizeBytes',
  'systemSizeBytes',
  'network',
] as const;

/** Changes a VM: at once where that is possible, at the next start where it is not, and says which. */
export function setVm(vmd: Vmd, call: Call, reference: string, change: SetVm): Promise<Vm> {
  return withVm(vmd, call, reference, async (vm) => {
    const spec = mergeSpec(vm.spec, change);
    checkSpec(spec);
    refuseShrinking(vm, spec);
    if (spec.network !== vm.spec.network) {
      await refuseNetwork(vmd, call, getDriver(vmd, vm.driver), spec.network);
      refuseRegistered(await vmd.images.leaseImage(call, vm.id, vm.image.id), spec.network);
      if (isUp(vm)) refuseWhileRunning(vm);
    }
    const name = change.name ?? vm.name;
    const pending = isUp(vm) ? NEEDS_RESTART.filter((key) => spec[key] !== vm.spec[key]) : [];
    const pendingSettings = [...new Set([...vm.pendingSettings, ...pending])];
    const changed: Vm = { ...vm, name, spec, pendingSettings };
    // Order matters: a start acquires a lease that is missing, but not one of another mode than the record's.
    if (spec.network !== vm.spec.network) await vmd.network.release(call, vm.id);
    await vmd.store.update(changed);
    await setLease(vmd, call, vm, changed);
    return changed;
  });
}

function mergeSpec(spec: VmSpec, { settings, removeLabels }: SetVm): VmSpec {
  const given = Object.fromEntries(
    Object.entries(settings).filter(([key, value]) => value !== undefined && key !== 'labels'),
  );
  const labels = { ...spec.labels, ...settings.labels };
  for (const label of removeLabels) delete labels[label];
  return { ...spec, ...given, labels };
}

function refuseShrinking(vm: Vm, spec: VmSpec): void {
  for (const key of ['diskSizeBytes', 'systemSizeBytes'] as const) {
    if (spec[key] >= vm.spec[key]) continue;
    const what = key === 'diskSizeBytes' ? 'work disk' : 'root disk';
    throw new BangerError(
      'INVALID_SIZE',
      `the ${what} of vm "${vm.name}" has ${formatSize(vm.spec[key])} and can only grow; ${formatSize(spec[key])} would lose data`,
      { metadata: { vm: vm.name, field: key } },
    );
  }
}

/** The lease of the old mode is attached to the running machine. */
function refuseWhileRunning(vm: Vm): void {
  throw new BangerError(
    'VM_RUNNING',
    `the network mode of vm "${vm.name}" cannot change while it runs; stop it first with: banger vm stop ${vm.name}`,
    { metadata: { vm: vm.name } },
  );
}

async function setLease(vmd: Vmd, call: Call, before: Vm, after: Vm): Promise<void> {
  if (before.spec.network !== after.spec.network) {
    await vmd.network.acquire(call, after);
    return;
  }
  if (after.spec.network === 'none') return;
  await vmd.network.set(call, after.id, {
    vmName: after.name,
    nat: after.spec.nat,
    peers: after.spec.peers,
  });
}
