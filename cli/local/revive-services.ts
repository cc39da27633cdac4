import { existsSync, readFileSync } from 'node:fs';
import { BangerError } from '#kit/errors.ts';
import { type Paths, type ServiceName, socketPath } from '#kit/paths.ts';
import { findServiceProcess } from './service-process.ts';
import type { StartService } from './start-service.ts';

export type Revival = {
  uid: number;
  paths: Paths;
  startService: StartService;
  note(text: string): void;
};

/**
 * A missing service is started by the command that calls it. Those that only other services call are looked after
 * here: services start nothing, and wait for one that is stopped without a word to whoever waits for them.
 */
export async function reviveServices(revival: Revival): Promise<void> {
  const { uid, paths } = revival;
  const called = uid === 0 ? CALLED : CALLED.filter((service) => service !== 'rootd');
  await Promise.all(called.map((service) => look(revival, service, paths)));
}

const CALLED: readonly ServiceName[] = ['imaged', 'netd', 'rootd'];

async function look(revival: Revival, service: ServiceName, paths: Paths): Promise<void> {
  const pid = findServiceProcess(paths, service);
  if (pid !== undefined) noteStopped(revival, service, pid);
  else if (isMissed(paths, service)) await revive(revival, service);
}

/** "banger daemon stop" ends vmd before the others: where vmd runs, nobody has stopped them on purpose. */
function isMissed(paths: Paths, service: ServiceName): boolean {
  // A service that was killed has left its socket.
  if (existsSync(socketPath(paths, service))) return true;
  return service !== 'rootd' && findServiceProcess(paths, 'vmd') !== undefined;
}

async function revive({ startService, note }: Revival, service: ServiceName): Promise<void> {
  try {
    await startService(service);
  } catch (error) {
    // The command may have no need of it.
    if (!(error instanceof BangerError)) throw error;
    note(`banger: ${error.message}`);
  }
}

/** Stopped as by SIGSTOP: it holds its lock and its socket, and says nothing. */
function noteStopped({ note }: Revival, service: ServiceName, pid: number): void {
  if (!/^State:\s+T/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))) return;
  note(
    `banger: ${service} (process ${pid}) is suspended, and whatever needs it waits; let it go on with: kill -CONT ${pid}`,
  );
}
