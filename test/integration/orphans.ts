import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Vm, VmState } from '#proto/banger/v1/vm.ts';
import type { VmHouse } from './vm-house.ts';

const LIMIT_MS = 60_000;
const LOOK_MS = 100;

/** What is freed in the background has its time; what is left then is named. */
export async function untilNoOrphans(opened: VmHouse): Promise<void> {
  const end = performance.now() + LIMIT_MS;
  for (;;) {
    const orphans = await findOrphans(opened);
    if (orphans.length === 0) return;
    if (performance.now() > end) throw new Error(`left behind: ${orphans.join(', ')}`);
    await sleep(LOOK_MS);
  }
}

const SETTLED: readonly VmState[] = [VmState.RUNNING, VmState.STOPPED, VmState.ERROR];

/** Processes, leases, disks, folders and sockets that belong to no VM, and VMs that are half-way somewhere. */
async function findOrphans(opened: VmHouse): Promise<string[]> {
  const { vms } = await opened.vms.listVms({});
  const ids = new Set(vms.map(({ id }) => id));
  const unknown = (what: string, found: readonly string[]) =>
    found.filter((id) => !ids.has(id)).map((id) => `${what} of ${id}`);
  const halfway = vms.filter(({ state }) => !SETTLED.includes(state));
  return [
    ...halfway.map(({ name, state }) => `vm ${name} is ${state}`),
    ...strayMachines(opened, vms),
    ...unknown(
      'lease',
      (await opened.network.listLeases({})).leases.map(({ vmId }) => vmId),
    ),
    ...unknown(
      'image',
      (await opened.images.listImageLeases({})).leases.map(({ vmId }) => vmId),
    ),
    ...unknown(
      'kernel',
      (await opened.kernels.listKernels({})).kernels.flatMap((k) => k.vmIds),
    ),
    ...strayFiles(opened, vms),
  ];
}

function strayMachines({ vmms }: VmHouse, vms: readonly Vm[]): string[] {
  const known = new Set(vms.map(({ pid }) => pid));
  return vmms()
    .filter(({ pid }) => !known.has(pid))
    .map(({ pid }) => `machine with pid ${pid}`);
}

/** A VM that does not run has no sockets; a folder of vmd's that is nobody's has no right to be. */
function strayFiles({ house }: VmHouse, vms: readonly Vm[]): string[] {
  const state = join(house.paths.state, 'vmd');
  const running = vms.filter(({ state: now }) => now === VmState.RUNNING).map(({ id }) => id);
  const ids = new Set(vms.map(({ id }) => id));
  const folders = readdirSync(join(state, 'vms'));
  const sockets = folders
    .filter((id) => !running.includes(id))
    .flatMap((id) => readdirSync(join(state, 'vms', id)).map((file) => join(id, file)))
    .filter((file) => file.endsWith('.sock'));
  const probes = readdirSync(state).filter((name) => name.startsWith('probe-'));
  return [...folders.filter((id) => !ids.has(id)), ...sockets, ...probes];
}
