import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { INSTALLED, localPaths, type Paths, type ServiceName, socketPath } from '#kit/paths.ts';
import { programRoot } from '#kit/program.ts';
import { formatServiceArguments, nodeFlags } from '#kit/service-arguments.ts';
import { type Background, startBackground } from './background.ts';
import type { Scope } from './row.ts';

/** A set of local services and a command line that uses them, all inside one folder. */
export type Environment = {
  paths: Paths;
  /** What the command line is started with. */
  env: Readonly<Record<string, string>>;
};

export function makeEnvironment({ folder }: Scope): Environment {
  refuseInstalled();
  const env = {
    // Nothing to be found: the command line must not reach for a tool that changes the machine.
    PATH: folder,
    HOME: folder,
    XDG_RUNTIME_DIR: join(folder, 'run'),
    XDG_STATE_HOME: join(folder, 'state'),
    XDG_CACHE_HOME: join(folder, 'cache'),
    XDG_CONFIG_HOME: join(folder, 'config'),
    NODE_COMPILE_CACHE: join(folder, 'compile'),
  };
  const paths = localPaths(env, ownUid());
  mkdirSync(paths.runtime, { recursive: true, mode: 0o700 });
  mkdirSync(paths.state, { recursive: true });
  // In the way of local mode's own start: a service that is missing shall fail the row, not be started.
  writeFileSync(join(paths.state, 'program'), '');
  return { paths, env };
}

/** The command line prefers an installed banger, and that one's machines are not to be measured. */
function refuseInstalled(): void {
  const socket = socketPath(INSTALLED, 'vmd');
  if (!existsSync(socket)) return;
  throw new Error(`banger is installed here and running ("${socket}"); stop it to measure another`);
}

/** Starts a service as local mode does, but as whoever runs the benchmark, so that no account is needed. */
export function startService(
  scope: Scope,
  { paths }: Environment,
  service: ServiceName,
): Promise<Background> {
  return startBackground(scope, {
    args: [
      ...nodeFlags(service),
      bundle(`${service}.mjs`),
      ...formatServiceArguments(paths, ownUid()),
    ],
    env: { NODE_COMPILE_CACHE: join(paths.cache, 'compile'), MALLOC_ARENA_MAX: '1' },
    socket: socketPath(paths, service),
  });
}

/** A program as it is shipped. */
export function bundle(name: string): string {
  return join(programRoot(), 'dist', name);
}

function ownUid(): number {
  return process.getuid?.() ?? 0;
}
