import type { Call } from '#kit/call.ts';
import { findVm } from './find-vm.ts';
import type { GuestFigures } from './guest.ts';
import { awaitGuest } from './live-vms.ts';
import type { Vmd } from './ports.ts';
import type { Vm } from './vm.ts';

export type VmStats = {
  at: Date;
  hostCpuMs: number;
  hostMemoryBytes: number;
  hostDiskBytes: number;
  guest: GuestFigures;
  /** Busy share of all virtual processors since the last reading, 0 to 1. */
  guestCpuBusy: number;
};

/** What a VM uses of host and guest: once, or again and again. */
export async function* readVmStats(
  vmd: Vmd,
  call: Call,
  reference: string,
  intervalMs: number,
): AsyncGenerator<VmStats, void> {
  const { id } = await findVm(vmd, reference);
  let before: GuestFigures | undefined;
  for (;;) {
    const vm = await findVm(vmd, id);
    const stats = await readOnce(vmd, call, vm, before);
    yield stats;
    if (intervalMs === 0) return;
    before = stats.guest;
    await vmd.host.sleep(intervalMs, call.signal);
  }
}

async function readOnce(
  vmd: Vmd,
  call: Call,
  vm: Vm,
  before: GuestFigures | undefined,
): Promise<VmStats> {
  const met = await awaitGuest(vmd.live, call, vm);
  const guest = await met.readFigures(call);
  const usage = vm.run === undefined ? undefined : vmd.host.processUsage(vm.run.process);
  const busy = guest.cpuBusyMs - (before?.cpuBusyMs ?? 0);
  const total = guest.cpuTotalMs - (before?.cpuTotalMs ?? 0);
  return {
    at: vmd.host.now(),
    hostCpuMs: usage?.cpuMs ?? 0,
    hostMemoryBytes: usage?.residentBytes ?? 0,
    hostDiskBytes: await vmd.disks.allocatedBytes(vm.id),
    guest,
    guestCpuBusy: total <= 0 ? 0 : Math.min(1, busy / total),
  };
}
