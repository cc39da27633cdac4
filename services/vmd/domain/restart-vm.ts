import type { Call } from '#kit/call.ts';
import type { Report } from '#kit/stages.ts';
import { bootVm } from './boot-vm.ts';
import type { Vmd } from './ports.ts';
import { haltVm } from './stop-vm.ts';
import type { Vm } from './vm.ts';
import { withVm } from './with-vm.ts';

/** Stop, then start, in one turn: nobody else gets at the VM in between. */
export function restartVm(
  vmd: Vmd,
  call: Call,
  reference: string,
  graceMs: number | undefined,
  report: Report,
): Promise<Vm> {
  return withVm(vmd, call, reference, async (vm) =>
    bootVm(vmd, call, await haltVm(vmd, call, vm, graceMs, report), report),
  );
}
