import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { BangerError, hasReason } from '#kit/errors.ts';
import { run } from '#kit/exec.ts';
import type { Environment } from '#kit/paths.ts';

export type RegistryLogin = {
  registry: string;
  username: string;
  password: string;
  identityToken: string;
};

type AuthFile = {
  auths?: Record<string, { auth?: string; identitytoken?: string }>;
  credHelpers?: Record<string, string>;
  credsStore?: string;
};

const HELPER_TIMEOUT_MS = 10_000;
/** What docker calls its hub in its own files. */
const HUB = 'https://index.docker.io/v1/';

/**
 * The user's logins to registries, as docker and podman keep them; read on the user's side, because the services may
 * not look into a user's home. A login that cannot be read is told and left out.
 */
export async function readLogins(
  env: Environment,
  note: (text: string) => void,
  signal: AbortSignal,
): Promise<RegistryLogin[]> {
  const logins = new Map<string, RegistryLogin>();
  for (const file of authFiles(env).filter((path) => existsSync(path))) {
    try {
      for (const login of await readFile(file, signal)) {
        if (!logins.has(login.registry)) logins.set(login.registry, login);
      }
    } catch (error) {
      note(
        `logins in "${file}" are not used: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
  return [...logins.values()];
}

/** podman's own file wins, as it does for podman and skopeo (containers-auth.json(5)). */
function authFiles(env: Environment): string[] {
  const { REGISTRY_AUTH_FILE, XDG_RUNTIME_DIR, XDG_CONFIG_HOME, DOCKER_CONFIG, HOME } = env;
  const config = XDG_CONFIG_HOME ?? (HOME === undefined ? undefined : join(HOME, '.config'));
  const docker = DOCKER_CONFIG ?? (HOME === undefined ? undefined : join(HOME, '.docker'));
  return [
    REGISTRY_AUTH_FILE,
    XDG_RUNTIME_DIR === undefined ? undefined : join(XDG_RUNTIME_DIR, 'containers/auth.json'),
    config === undefined ? undefined : join(config, 'containers/auth.json'),
    docker === undefined ? undefined : join(docker, 'config.json'),
  ].filter((path) => path !== undefined);
}

async function readFile(path: string, signal: AbortSignal): Promise<RegistryLogin[]> {
  const {
    auths = {},
    credHelpers = {},
    credsStore,
  }: AuthFile = JSON.parse(readFileSync(path, 'utf8'));
  const logins: RegistryLogin[] = [];
  for (const [server, { auth, identitytoken }] of Object.entries(auths)) {
    if (auth !== undefined && auth !== '') logins.push(decode(server, auth, identitytoken ?? ''));
    else if (credsStore !== undefined)
      logins.push(...(await askHelper(credsStore, server, signal)));
  }
  for (const [server, helper] of Object.entries(credHelpers)) {
    logins.push(...(await askHelper(helper, server, signal)));
  }
  return logins;
}

function decode(server: string, auth: string, identityToken: string): RegistryLogin {
  const [username = '', ...password] = Buffer.from(auth, 'base64').toString().split(':');
  return { registry: hostOf(server), username, password: password.join(':'), identityToken };
}

/** docker's credential helper protocol: the server on stdin, JSON on stdout. */
async function askHelper(
  helper: string,
  server: string,
  signal: AbortSignal,
): Promise<RegistryLogin[]> {
  if (!/^[\w.-]+$/.test(helper)) throw new BangerError('INVALID_FIELD', `"${helper}" is no helper`);
  try {
    const said = await run(`docker-credential-${helper}`, ['get'], {
      signal,
      timeoutMs: HELPER_TIMEOUT_MS,
      input: server,
    });
    const { Username = '', Secret = '' }: { Username?: string; Secret?: string } = JSON.parse(said);
    const isToken = Username === '<token>';
    return [
      {
        registry: hostOf(server),
        username: isToken ? '' : Username,
        password: isToken ? '' : Secret,
        identityToken: isToken ? Secret : '',
      },
    ];
  } catch (error) {
    // It ends with status 1 where it knows no login for the server.
    if (hasReason(error, 'COMMAND_FAILED') && error.message.includes('ended with status'))
      return [];
    throw error;
  }
}

function hostOf(server: string): string {
  if (server === HUB) return 'docker.io';
  return server.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
}
