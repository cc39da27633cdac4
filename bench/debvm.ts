import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from '#kit/exec.ts';
import { findTool } from './find-tool.ts';
import { freePort } from './free-port.ts';
import type { Measure, Scope, Skipped } from './row.ts';
import { sshOptions } from './ssh.ts';

const CREATE_TIMEOUT_MS = 15 * 60_000;
const BOOT_LIMIT_MS = 180_000;
const SSH_TIMEOUT_MS = 60_000;
const LOOK_MS = 10;

/** The program that Debian has for starting a machine quickly: its image and a way to boot it to `ssh`. */
export type Debvm = { image: string; key: string };

/** Its own probe for KVM is a look at a device file, which may lie. */
const EMULATED = ['-machine', 'accel=tcg', '-cpu', 'max'];

/** Makes debvm's image, as its own tool does, and boots it once: what only a first boot does is done then. */
export async function makeDebvm({ folder }: Scope): Promise<Debvm | Skipped> {
  for (const tool of ['debvm-create', 'debvm-run', 'ssh-keygen', 'ssh']) {
    if (findTool(tool) === undefined) {
      return { skipped: `\`${tool}\` is missing (apt-get install debvm openssh-client)` };
    }
  }
  const [image, key] = [join(folder, 'debvm.ext4'), join(folder, 'key')];
  const limits = { signal: new AbortController().signal, timeoutMs: CREATE_TIMEOUT_MS };
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', key], limits);
  await run('debvm-create', ['-r', 'bookworm', '-o', image, '-k', `${key}.pub`], limits);
  await bootDebvm({ image, key }, ['sync; poweroff -f'], []);
  return { image, key };
}

/** From `debvm-run` to the end of `ssh true`. What the machine writes is thrown away, so that each boot is like the others. */
export function measureDebvm(debvm: Debvm | Skipped): Measure | Skipped {
  if ('skipped' in debvm) return debvm;
  return () => bootDebvm(debvm, ['true'], ['-snapshot']);
}

async function bootDebvm({ image, key }: Debvm, command: string[], more: string[]) {
  const port = await freePort();
  const args = ['-i', image, '-s', String(port), '--', ...EMULATED, ...more];
  const startedAt = performance.now();
  // A group of its own, because debvm-run is a script around QEMU.
  const child = spawn('debvm-run', args, { stdio: 'ignore', detached: true });
  const ended = once(child, 'close');
  try {
    const deadline = startedAt + BOOT_LIMIT_MS;
    while (!(await greets(port))) {
      if (child.exitCode !== null) throw new Error(`debvm-run ended with ${child.exitCode}`);
      if (performance.now() > deadline) throw new Error('the machine of debvm-run never answered');
      await sleep(LOOK_MS);
    }
    const beside = performance.now() - startedAt;
    await runSsh(key, port, command);
    return { value: performance.now() - startedAt, beside };
  } finally {
    endGroup(child.pid);
    await ended;
  }
}

/** QEMU accepts connections before the guest does; only sshd greets. */
async function greets(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  const { promise, resolve } = Promise.withResolvers<boolean>();
  socket.once('data', (data) => resolve(data.toString().startsWith('SSH-')));
  socket.once('error', () => resolve(false)).once('close', () => resolve(false));
  socket.setTimeout(SSH_TIMEOUT_MS, () => socket.destroy());
  const answer = await promise;
  socket.destroy();
  return answer;
}

/** A machine that is told to end takes the connection with it, so the status says nothing then. */
async function runSsh(key: string, port: number, command: string[]): Promise<void> {
  const args = [...sshOptions(key), '-p', String(port), 'root@127.0.0.1', ...command];
  const limits = { signal: new AbortController().signal, timeoutMs: SSH_TIMEOUT_MS };
  const running = run('ssh', args, limits);
  if (command[0] === 'true') await running;
  else await running.catch(() => undefined);
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined || pid <= 1) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // It ended by itself.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
