import type { Call } from '#kit/call.ts';
import { BangerError, hasReason } from '#kit/errors.ts';
import { findVm } from './find-vm.ts';
import type { ExecExit } from './guest.ts';
import type { Vmd } from './ports.ts';
import type { Vm } from './vm.ts';

export const WAIT_CONDITIONS = ['ready', 'system', 'stopped', 'deleted'] as const;
export type WaitCondition = (typeof WAIT_CONDITIONS)[number];

/** Answers when the VM is in the condition. Records change through the store, which tells of every change. */
export async function waitVm(
  vmd: Vmd,
  call: Call,
  reference: string,
  condition: WaitCondition,
): Promise<Vm> {
  let last = await findVm(vmd, reference);
  for (;;) {
    const changed = vmd.store.changed();
    const current = await vmd.store.find(last.id);
    if (current === undefined) return goneWhileWaiting(last, condition);
    last = current;
    if (await holds(vmd, call, last, condition)) return last;
    await changed(call.signal);
  }
}

function goneWhileWaiting(vm: Vm, condition: WaitCondition): Vm {
  if (condition === 'deleted') return vm;
  throw new BangerError('VM_NOT_FOUND', `vm "${vm.name}" was deleted while waiting for it`, {
    metadata: { vm: vm.name },
  });
}

async function holds(vmd: Vmd, call: Call, vm: Vm, condition: WaitCondition): Promise<boolean> {
  switch (condition) {
    case 'ready':
      return vm.state === 'running';
    case 'system':
      return vm.state === 'running' && (await systemIsUp(vmd, call, vm));
    case 'stopped':
      return vm.state === 'stopped' || vm.state === 'error';
    case 'deleted':
      return false;
  }
}

/** systemd's own waiting; an image without systemd has nothing to wait for once its agent answers. */
const SYSTEM_WAIT = ['systemctl', 'is-system-running', '--wait'];
const NOT_FOUND = 127;
/** The manager's socket is not there yet: systemd has only just begun. */
const SYSTEMD_ABSENT = 'offline';

async function systemIsUp(vmd: Vmd, call: Call, vm: Vm): Promise<boolean> {
  const guest = vmd.live.find(vm.id)?.guest;
  if (guest === undefined) return false;
  try {
    const request = { environment: [], workingDir: '/', user: 'root', detach: false };
    for (;;) {
      const waiting = await guest.exec(call, { ...request, arguments: SYSTEM_WAIT });
      const said = await readAll(waiting.output());
      const exit = await waiting.exit;
      if (isStatus(exit, NOT_FOUND)) return true;
      // "degraded" ends with status 1 and is as finished as "running".
      if (said.trim() !== '' && said.trim() !== SYSTEMD_ABSENT) return true;
      await vmd.host.sleep(100, call.signal);
    }
  } catch (error) {
    if (hasReason(error, 'GUEST_UNREACHABLE')) return false;
    throw error;
  }
}

function isStatus(exit: ExecExit, status: number): boolean {
  return 'status' in exit && exit.status === status;
}

async function readAll(
  output: AsyncIterable<{ stream: string; data: Uint8Array }>,
): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const { stream, data } of output) if (stream === 'stdout') parts.push(data);
  return Buffer.concat(parts).toString();
}
