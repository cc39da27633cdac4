import { existsSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { BangerError } from '#kit/errors.ts';
import { lockPath, type Paths, type ServiceName, socketPath } from '#kit/paths.ts';
import { type Holder, parseHolder } from '#kit/process-lock.ts';

/** Longer than a service takes to drain its calls. */
const STOP_MS = 15_000;
const LOOK_MS = 20;

/**
 * The process that serves a socket, by its lock file. The file outlives the process, so the number in it
 * counts only while that process was started with this very runtime folder.
 */
export function findServiceProcess(paths: Paths, service: ServiceName): number | undefined {
  return findService(paths, service)?.pid;
}

/** The same, with the build that the process runs. */
export function findService(paths: Paths, service: ServiceName): Holder | undefined {
  try {
    const holder = parseHolder(readFileSync(lockPath(paths, service), 'utf8'));
    const { pid } = holder;
    const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    const isOurs = words.includes(paths.runtime) && words.some((word) => word.includes(service));
    return isOurs ? holder : undefined;
  } catch (error) {
    if (
      error instanceof Error &&
      'code' in error &&
      (error.code === 'ENOENT' || error.code === 'ESRCH')
    ) {
      return undefined;
    }
    throw error;
  }
}

/** Since the host's boot, whether it runs still or not. */
export function wasStarted(paths: Paths, service: ServiceName): boolean {
  return existsSync(lockPath(paths, service));
}

/** A service that ended by itself took its socket with it; one that was killed left it behind. */
export function wasStopped(paths: Paths, service: ServiceName): boolean {
  return wasStarted(paths, service) && !existsSync(socketPath(paths, service));
}

/** Ends a service as systemd would: politely, and after its grace time for good. Answers whether it ran. */
export async function stopServiceProcess(
  paths: Paths,
  service: ServiceName,
  signal: AbortSignal,
): Promise<boolean> {
  const pid = findServiceProcess(paths, service);
  if (pid === undefined) return false;
  const deadline = performance.now() + STOP_MS;
  process.kill(pid, 'SIGTERM');
  while (findServiceProcess(paths, service) === pid) {
    if (performance.now() > deadline) {
      process.kill(pid, 'SIGKILL');
      throw new BangerError(
        'INTERNAL',
        `${service} did not stop within ${STOP_MS / 1000} s and was killed; its log says why: banger daemon logs ${service}`,
      );
    }
    await sleep(LOOK_MS, undefined, { signal });
  }
  return true;
}
