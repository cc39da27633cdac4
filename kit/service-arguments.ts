import { isAbsolute } from 'node:path';
import { parseArgs } from 'node:util';
import { BangerError } from './errors.ts';
import { INSTALLED, type Mode, type Paths, type ServiceName } from './paths.ts';

/** Exit status of a service that found another in its place: whoever started it has what they wanted. */
export const EXIT_ALREADY_SERVED = 3;

/** Without arguments a service is an installed one. */
export function parseServiceArguments(args: readonly string[]): {
  paths: Paths;
  owner: number | undefined;
} {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...args],
    options: {
      mode: text,
      runtime: text,
      state: text,
      cache: text,
      logs: text,
      config: text,
      owner: text,
    },
  });
  const { owner, mode, ...folders } = values;
  const given = Object.entries(folders).filter(([, path]) => path !== undefined);
  for (const [name, path] of given) refuseRelative(name, path);
  return {
    paths: { ...INSTALLED, ...Object.fromEntries(given), mode: parseMode(mode ?? INSTALLED.mode) },
    owner: owner === undefined ? undefined : parseUid(owner),
  };
}

/** A service has no working folder that anybody could rely on. */
function refuseRelative(name: string, path: string): void {
  if (isAbsolute(path)) return;
  throw new BangerError('INVALID_FIELD', `--${name} is an absolute path, not "${path}"`);
}

function parseUid(text: string): number {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new BangerError('INVALID_FIELD', `--owner is the number of a user, not "${text}"`);
}

function parseMode(text: string): Mode {
  if (text === 'installed' || text === 'local') return text;
  throw new BangerError('INVALID_FIELD', `--mode is "installed" or "local", not "${text}"`);
}

/** What the CLI passes so that a service finds the same folders. */
export function formatServiceArguments(paths: Paths, owner: number): string[] {
  return Object.entries({ ...paths, owner: String(owner) }).flatMap(([key, value]) => [
    `--${key}`,
    value,
  ]);
}

/**
 * What Node itself is started with. As soon as node:http2 is loaded, Node reads its 140 root certificates on a
 * thread beside: 12 ms of processor time and 2 MiB. With OpenSSL's own store it reads none until a TLS connection is
 * made; imaged, which asks registries, names what it trusts for each of them. Each half of the heap's young part may
 * grow to 16 MiB: few need more than one, and imaged, which makes many objects, takes 270 MiB instead of 440 for an
 * image of 200,000 entries with 8, and no longer. imaged marks its heap only when that is full: V8 counts buffers
 * outside the heap as if they were in it, so the bytes of an archive had it begin to mark a heap of 10 MiB anew with
 * every 5 MiB, on five threads, which was a third of an image's processor time. For the use of gc, see kit/service.ts.
 */
export function nodeFlags(service: ServiceName): string[] {
  const isImaged = service === 'imaged';
  const flags = ['--use-openssl-ca', '--expose-gc', `--max-semi-space-size=${isImaged ? 8 : 1}`];
  return isImaged ? [...flags, '--no-incremental-marking'] : flags;
}
