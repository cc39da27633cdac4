import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { BangerError } from '#kit/errors.ts';
import { printableName } from '#kit/names.ts';

/** A DNS server that knows the world. */
export type Upstream = { readonly address: string; readonly port: number };

/** The first is what systemd-resolved itself asks; the other may name only resolved, which answers too. */
const RESOLVER_FILES = ['/run/systemd/resolve/resolv.conf', '/etc/resolv.conf'];
const DNS_PORT = 53;
/** resolv.conf(5) knows no more either. */
const MOST_SERVERS = 3;
const FRESH_MS = 10_000;

/** "9.9.9.9", "9.9.9.9:5353", "2620:fe::fe" or "[2620:fe::fe]:5353". */
export function parseUpstream(text: string): Upstream {
  const match = /^\[([0-9a-f:.]+)\](?::(\d{1,5}))?$|^([0-9.]+):(\d{1,5})$/i.exec(text);
  const address = match?.[1] ?? match?.[3] ?? text;
  const port = Number(match?.[2] ?? match?.[4] ?? DNS_PORT);
  if (isIP(address) !== 0 && port >= 1 && port <= 65_535) return { address, port };
  throw new BangerError(
    'INVALID_FIELD',
    `"${printableName(text)}" is not the address of a DNS server; write "9.9.9.9" or "9.9.9.9:53"`,
  );
}

/** The host's own servers, read again after a while because networks change. */
export function hostUpstreams(nowMs: () => number, files = RESOLVER_FILES): () => Upstream[] {
  let known: { servers: Upstream[]; atMs: number } | undefined;
  return () => {
    const atMs = nowMs();
    if (known === undefined || atMs - known.atMs > FRESH_MS) {
      known = { servers: readServers(files), atMs };
    }
    return known.servers;
  };
}

function readServers(files: readonly string[]): Upstream[] {
  for (const file of files) {
    const servers = parseResolvConf(readIfThere(file));
    if (servers.length > 0) return servers;
  }
  return [];
}

export function parseResolvConf(text: string): Upstream[] {
  return text
    .split('\n')
    .flatMap((line) => /^\s*nameserver\s+(\S+)/.exec(line)?.[1] ?? [])
    .filter((address) => isIP(address) !== 0)
    .slice(0, MOST_SERVERS)
    .map((address) => ({ address, port: DNS_PORT }));
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
}
