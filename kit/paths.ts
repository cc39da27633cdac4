import { isAbsolute, join } from 'node:path';
import { BangerError } from './errors.ts';

export const SERVICES = ['vmd', 'imaged', 'netd', 'rootd'] as const;
export type ServiceName = (typeof SERVICES)[number];

export type Mode = 'installed' | 'local';

/** Where a set of services keeps things. Each service owns a folder of its name in `state` and `cache`. */
export type Paths = {
  mode: Mode;
  /** Sockets and locks; gone after a reboot. */
  runtime: string;
  state: string;
  cache: string;
  logs: string;
  config: string;
};

export const INSTALLED: Paths = {
  mode: 'installed',
  runtime: '/run/banger',
  state: '/var/lib/banger',
  cache: '/var/cache/banger',
  logs: '/var/log/banger',
  config: '/etc/banger/config.toml',
};

/** The account that local mode's services run under when root starts them; see cli/local/account.ts. */
export const LOCAL_ACCOUNT = 'banger-local';

export type Environment = Readonly<Record<string, string | undefined>>;

/** One user's own set of services. XDG variables win; without them, the folders the XDG specification names. */
export function localPaths(env: Environment, uid: number): Paths {
  const base = (variable: string, fallback: () => string) => {
    const value = env[variable];
    return value !== undefined && isAbsolute(value) ? value : fallback();
  };
  const root = uid === 0;
  const state = base('XDG_STATE_HOME', () => (root ? '/var/lib' : join(home(env), '.local/state')));
  const cache = base('XDG_CACHE_HOME', () => (root ? '/var/cache' : join(home(env), '.cache')));
  const config = base('XDG_CONFIG_HOME', () => (root ? '/etc' : join(home(env), '.config')));
  const runtime = base('XDG_RUNTIME_DIR', () => (root ? '/run' : '/tmp'));
  // /tmp is everybody's, so the folder there carries the owner's number; elsewhere the parent is the owner's.
  const runtimeName = runtime === '/tmp' ? `banger-${uid}` : 'banger';
  const name = root ? LOCAL_ACCOUNT : 'banger';
  return {
    mode: 'local',
    runtime: join(runtime, root ? LOCAL_ACCOUNT : runtimeName),
    state: join(state, name),
    cache: join(cache, name),
    logs: join(state, name, 'logs'),
    config: join(config, 'banger/config.toml'),
  };
}

/**
 * The folders that one service is told of. rootd runs no compiled code and opens no log in a folder of the account
 * that the other services have: whoever took one of them over could plant links and programs for root there.
 */
export function servicePaths(paths: Paths, service: ServiceName): Paths {
  if (service !== 'rootd') return paths;
  const own = join(paths.state, 'rootd');
  return { ...paths, cache: join(own, 'cache'), logs: join(own, 'logs') };
}

export function logPath(paths: Paths, service: ServiceName): string {
  return join(servicePaths(paths, service).logs, `${service}.log`);
}

export function socketPath(paths: Paths, service: ServiceName): string {
  // rootd's folder is root's own, so that nobody else can put another socket in its place.
  if (service === 'rootd') return join(`${paths.runtime}-root`, 'rootd.sock');
  return join(paths.runtime, `${service}.sock`);
}

/** What the one process that serves a socket holds. Installed, /run/banger is root's: only systemd makes sockets there. */
export function lockPath(paths: Paths, service: ServiceName): string {
  return paths.mode === 'installed'
    ? join(paths.state, service, 'lock')
    : `${socketPath(paths, service)}.lock`;
}

function home(env: Environment): string {
  const value = env.HOME;
  if (value !== undefined && isAbsolute(value)) return value;
  throw new BangerError(
    'HOST_NOT_READY',
    'HOME is not set, so there is no place for state; set HOME, or XDG_STATE_HOME, XDG_CACHE_HOME and XDG_CONFIG_HOME',
  );
}
