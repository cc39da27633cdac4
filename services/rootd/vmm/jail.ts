import { once } from 'node:events';
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs';
import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import { launch } from '#kit/exec.ts';
import { runTool } from '../host/tools.ts';
import type { Vmm } from './records.ts';

/** Exit status of the jail program when another launch, or a VMM, holds the record's lock; see jail.h. */
const LOCK_HELD = 75;
/** The same, when the uid has another process. */
const UID_TAKEN = 76;
/** A launch takes some ten milliseconds; more than this only on a host in trouble. */
const LAUNCH_TIMEOUT_MS = 20_000;

export type JailLaunch = {
  readonly program: string;
  readonly args: readonly string[];
  /** What the program finds from descriptor 3 on. */
  readonly descriptors: readonly (number | 'ignore')[];
  /** File for what the program says, in a folder of root's. */
  readonly report: string;
};

/**
 * Answers when the VMM runs, or when its uid was not its alone. The program waits for that and ends; the VMM is then
 * a child of init.
 */
export async function launchJail({
  program,
  args,
  descriptors,
  report,
}: JailLaunch): Promise<'launched' | 'uid taken'> {
  const fd = openSync(report, 'w', 0o600);
  try {
    const stdio = ['ignore', fd, fd, ...descriptors] as const;
    const child = await launch(program, ['launch', ...args], { stdio, env: {}, cwd: '/' });
    const timer = setTimeout(() => child.kill('SIGKILL'), LAUNCH_TIMEOUT_MS);
    const [status]: (number | null)[] = await once(child, 'exit');
    clearTimeout(timer);
    if (status === UID_TAKEN) return 'uid taken';
    if (status !== 0) throw launchFailed(status, readFileSync(report, 'utf8'));
    return 'launched';
  } finally {
    closeSync(fd);
    rmSync(report, { force: true });
  }
}

/** Whether a VMM lives, or a launch is on its way that an earlier rootd began. */
export async function isLocked(call: Call, program: string, record: string): Promise<boolean> {
  return (await runTool(call, program, ['locked', record])).trim() === 'held';
}

/** False when the process ended before the signal reached it. No other process can get it. */
export async function signalVmm(
  call: Call,
  program: string,
  { pid, startTicks }: Vmm,
  signal: number,
): Promise<boolean> {
  const args = ['signal', `${pid}`, `${startTicks}`, `${signal}`];
  return (await runTool(call, program, args)).trim() === 'sent';
}

function launchFailed(status: number | null | undefined, report: string): BangerError {
  if (status === LOCK_HELD) {
    return new BangerError('VM_RUNNING', 'a VMM for this vm is just being started; try again');
  }
  const said = report.trim().slice(-1000);
  const why = said === '' ? 'the jail program ended without a word' : said;
  return new BangerError('COMMAND_FAILED', `the VMM could not be started: ${why}`);
}
