import type { Setting } from '#kit/config-file.ts';
import { readConfig } from '#kit/config-file.ts';
import { size, texts } from '#kit/settings.ts';

const MIB = 2 ** 20;
const GIB = 2 ** 30;

/** The table [imaged] of the configuration file. */
export function readImagedConfig(file: string) {
  const table = readConfig(file, 'imaged', {
    catalogues: texts([]),
    mirrors,
    free_space: size(64 * MIB),
    archive_limit: size(64 * GIB),
  });
  return {
    /** URLs and paths of catalogues. */
    catalogues: table.catalogues,
    mirrors: table.mirrors,
    freeBytes: table.free_space,
    /** The most that a caller or a catalogue may send. */
    archiveLimitBytes: table.archive_limit,
  };
}

type Mirror = {
  readonly host: string;
  readonly repositoryPrefix?: string;
  readonly insecure?: boolean;
};

/** "docker.io=mirror.example/hub": the registry, and who is asked before it. */
const mirrors: Setting<Readonly<Record<string, readonly Mirror[]>>> = {
  fallback: {},
  parse(value) {
    const found: Record<string, Mirror[]> = Object.create(null);
    for (const text of texts([]).parse(value)) {
      const { registry, mirror } = parseMirror(text);
      found[registry] = [...(found[registry] ?? []), mirror];
    }
    return found;
  },
};

function parseMirror(text: string): { registry: string; mirror: Mirror } {
  const match = /^([^=/\s]+)=(http:\/\/|https:\/\/)?([^/\s]+)(?:\/(\S+))?$/.exec(text);
  if (match === null) throw new Error('"REGISTRY=HOST" or "REGISTRY=HOST/PREFIX" is wanted');
  const [, registry = '', scheme, host = '', prefix] = match;
  const repositoryPrefix = prefix === undefined ? {} : { repositoryPrefix: prefix };
  return { registry, mirror: { host, insecure: scheme === 'http://', ...repositoryPrefix } };
}

/** Where tools of the system lie, which a user's own PATH often lacks. */
const SYSTEM_FOLDERS = ['/usr/sbin', '/sbin'];

/** What the environment says about the way out, and about where tools are. */
export function readEnvironment() {
  const { env } = process;
  const caFiles = [env.SSL_CERT_FILE, env.NODE_EXTRA_CA_CERTS].filter((path) => path !== undefined);
  const proxies = Object.entries(env).filter(([name]) => /^(https?|no)_proxy$/i.test(name));
  return {
    proxyEnv: Object.fromEntries(proxies),
    caFiles: caFiles.filter((path) => path !== ''),
    searchPath: [...(env.PATH ?? '/usr/bin').split(':'), ...SYSTEM_FOLDERS],
  };
}
