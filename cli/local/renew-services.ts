import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Paths, SERVICES, type ServiceName } from '#kit/paths.ts';
import { programRoot } from '#kit/program.ts';
import { findService } from './service-process.ts';
import type { StartService } from './start-service.ts';

export type Renewal = {
  paths: Paths;
  startService: StartService;
  note(text: string): void;
  signal: AbortSignal;
};

/**
 * Starts services anew that run another build than the one here, where that interrupts nobody; machines go on. Each
 * service's lock says what it runs, so that a command which finds nothing to do has read a few small files.
 */
export async function renewServices(renewal: Renewal): Promise<void> {
  const builds = readBuilds();
  const isOther = (service: ServiceName) => {
    const build = findService(renewal.paths, service)?.build;
    return build !== undefined && build !== FROM_SOURCES && build !== builds?.[service];
  };
  const others = builds === undefined ? [] : SERVICES.filter(isOther);
  if (others.length === 0) return;
  const { replaceServices } = await import('./replace-services.ts');
  await replaceServices(renewal, others);
}

/** Whoever started a service from sources by hand ends it by hand. */
const FROM_SOURCES = 'source';

/** What deploy/build.ts has made of each service; absent where nothing is built. */
function readBuilds(): Readonly<Record<string, string>> | undefined {
  try {
    return JSON.parse(readFileSync(join(programRoot(), 'dist/built'), 'utf8'));
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
