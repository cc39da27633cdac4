import { join } from 'node:path';
import { loadLibc } from '#kit/libc.ts';
import type { ServiceName } from '#kit/paths.ts';
import { holdProcessLock, isHeldByAnother } from '#kit/process-lock.ts';
import { createClients } from '../clients.ts';
import type { Renewal } from './renew-services.ts';
import { stopServiceProcess } from './service-process.ts';
import { startFolder } from './start-service.ts';

/** Ends those of the services that nobody uses at the moment and starts them again. */
export async function replaceServices(
  renewal: Renewal,
  services: readonly ServiceName[],
): Promise<void> {
  const { paths, startService, note, signal } = renewal;
  // A second signal would end a service at once, so of several commands one does this and the others go on.
  using lock = tryLock(join(startFolder(paths), 'replacing'));
  if (lock === undefined) return;
  const replaced: ServiceName[] = [];
  for (const service of services) {
    if (!(await isIdle(renewal, service))) continue;
    if (await stopServiceProcess(paths, service, signal)) replaced.push(service);
  }
  await Promise.all(replaced.map(startService));
  if (replaced.length > 0) {
    note(`restarted ${replaced.join(', ')}, which ran another build of banger; machines go on`);
  }
}

function tryLock(path: string): Disposable | undefined {
  try {
    return holdProcessLock(path, loadLibc());
  } catch (error) {
    if (isHeldByAnother(error)) return undefined;
    throw error;
  }
}

const ANSWER_MS = 2000;

/** A service that does not answer is left to the command, which will say so. */
async function isIdle({ paths, signal }: Renewal, service: ServiceName): Promise<boolean> {
  const clients = createClients({ paths, patienceMs: 0 });
  try {
    const info = await clients.info(service).getInfo({}, { signal, timeoutMs: ANSWER_MS });
    return info.running === 0;
  } catch {
    return false;
  } finally {
    clients.close();
  }
}
