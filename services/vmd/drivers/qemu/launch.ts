import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Call } from '#kit/call.ts';
import { BangerError, hasReason } from '#kit/errors.ts';
import { launch } from '#kit/exec.ts';
import { findProcess, isRunning, type ProcessIdentity } from '#kit/process-identity.ts';
import { QEMU_SOCKETS, type QemuMachine, qemuArguments } from '#kit/qemu-arguments.ts';
import { connectQmp, type Qmp } from './qmp.ts';

const VMM_LOG = 'vmm.log';
const LOOK_MS = 2;
const START_TIMEOUT_MS = 10_000;

/** The first descriptor of those that QEMU inherits from us. */
export const FIRST_INHERITED = 3;

/** Starts QEMU in a VM's folder, in a session of its own, as whoever we are. */
export async function launchQemu(
  binary: string,
  folder: string,
  machine: QemuMachine,
  inherited: readonly number[] = [],
): Promise<ProcessIdentity> {
  const log = openSync(join(folder, VMM_LOG), 'w', 0o600);
  try {
    const child = await launch(binary, qemuArguments(machine), {
      stdio: ['ignore', log, log, ...inherited],
      env: {},
      cwd: folder,
    });
    const identity = findProcess(child.pid);
    if (identity === undefined) throw ended(folder);
    return identity;
  } finally {
    closeSync(log);
  }
}

/** Connects to a machine's control socket as soon as it is there. */
export async function awaitQmp(call: Call, folder: string, process: ProcessIdentity): Promise<Qmp> {
  const limit = AbortSignal.any([call.signal, AbortSignal.timeout(START_TIMEOUT_MS)]);
  for (;;) {
    try {
      return await connectQmp(join(folder, QEMU_SOCKETS.qmp), limit);
    } catch (error) {
      if (!isRunning(process)) throw ended(folder);
      limit.throwIfAborted();
      if (!isNotYet(error)) throw error;
    }
    await sleep(LOOK_MS);
  }
}

/** One that closes the socket again is about to end, and then its log says why. */
function isNotYet(error: unknown): boolean {
  if (hasReason(error, 'GUEST_UNREACHABLE')) return true;
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'ENOENT' || code === 'ECONNREFUSED';
}

function ended(folder: string): BangerError {
  const said = readFileSync(join(folder, VMM_LOG), 'utf8').trim().split('\n').slice(-3).join('; ');
  return new BangerError(
    'COMMAND_FAILED',
    `qemu ended as it started: ${said || 'it said nothing'}`,
  );
}
