import { rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { callOf } from '#kit/testing/call-of.ts';
import { until } from '#kit/testing/until.ts';
import * as describeVmm from '../ops/describe-vmm.ts';
import * as launchVmm from '../ops/launch-vmm.ts';
import * as reapVmm from '../ops/reap-vmm.ts';
import * as signalVmm from '../ops/signal-vmm.ts';
import { findCgroupMount } from '../vmm/cgroup.ts';
import type { Vmm } from '../vmm/records.ts';
import type { VmmSettings, Vmms } from '../vmm/vmms.ts';
import {
  type Ending,
  IMAGE_ID,
  KERNEL_ID,
  makeState,
  openTestVmms,
  type VmState,
} from './vm-state.ts';

export const VM_ID = 'aaaaaaaaaaaaaaaa';
export const call = callOf();

export type VmmLab = VmState & { vmms: Vmms; folder: string };

/** A state with one VM, and at the end no VMM, record or control group of it. */
export function makeVmmLab(t: Ending, given: Partial<VmmSettings> = {}): VmmLab {
  // Before the state is made, because what is registered first is done first, and records are in the state.
  t.after(() => end(vmms));
  const state = makeState(t, [VM_ID]);
  const vmms = openTestVmms(state, given);
  return { ...state, vmms, folder: state.folders[0] ?? '' };
}

export function launchInput(given: Partial<Parameters<typeof launchVmm.parse>[0]> = {}) {
  return launchVmm.parse({
    vmId: VM_ID,
    imageId: IMAGE_ID,
    kernelId: KERNEL_ID,
    vcpus: 1,
    memoryMib: 64,
    accelerator: 'ACCELERATOR_TCG',
    tscKhz: 2_600_000,
    mac: '',
    consoleVerbose: false,
    ...given,
  });
}

export function launch(vmms: Vmms, given = {}): Promise<Vmm> {
  return launchVmm.run({ call, vmms }, launchInput(given));
}

export function describe(vmms: Vmms): Promise<Vmm | undefined> {
  return describeVmm.run({ call, vmms }, describeVmm.parse({ vmId: VM_ID }));
}

export function signal(vmms: Vmms, name: string): Promise<void> {
  return signalVmm.run({ call, vmms }, signalVmm.parse({ vmId: VM_ID, signal: name }));
}

export function reap(vmms: Vmms): Promise<void> {
  return reapVmm.run({ call, vmms }, reapVmm.parse({ vmId: VM_ID }));
}

export async function kill(vmms: Vmms): Promise<void> {
  if ((await describe(vmms)) === undefined) return;
  await signal(vmms, 'VMM_SIGNAL_KILL');
  await until(async () => (await describe(vmms)) === undefined);
}

async function end(vmms: Vmms): Promise<void> {
  await kill(vmms);
  await reap(vmms);
  const mount = findCgroupMount();
  if (mount !== undefined) rmdirSync(join(mount, vmms.settings.cgroup));
}
