import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import { parseIpv4 } from '#kit/ipv4.ts';
import { recordedLog } from '#kit/testing/recorded-log.ts';
import { listenForDns } from '../adapters/dns-listener.ts';
import { type DnsMessage, parseMessage, RCODE } from '../adapters/dns-message.ts';
import { encodeReply } from '../adapters/dns-reply.ts';
import type { Respond } from '../adapters/dns-responder.ts';
import { createDnsServer } from '../adapters/dns-server.ts';
import type { Upstream } from '../adapters/upstream.ts';
import { DnsZone } from '../domain/dns-zone.ts';
import type { Place } from './dns-client.ts';
import { guestLease } from './guests.ts';
import { configOf } from './netd-lab.ts';

const run = promisify(execFile);
const DIG = '/usr/bin/dig';
export const needsDig = existsSync(DIG) ? {} : { skip: 'dig is not installed (package dnsutils)' };

/** Addresses of loopback stand for guests: one with nat, one without, two that may see each other. */
export const GUESTS = {
  online: guestLease(2, 'online', { address: parseIpv4('127.0.0.12'), nat: true }),
  offline: guestLease(3, 'offline', { address: parseIpv4('127.0.0.13') }),
  left: guestLease(4, 'left', { address: parseIpv4('127.0.0.14'), peers: true }),
  right: guestLease(5, 'right', { address: parseIpv4('127.0.0.15'), peers: true }),
};
export const STRANGER = '127.0.0.99';

export async function freePort(address: string): Promise<number> {
  const { log } = recordedLog();
  const listener = await listenForDns({ address, port: 0 }, async () => undefined, log);
  await listener.close();
  return listener.port;
}

export async function startDns(t: TestContext, upstreams: readonly Upstream[] = []) {
  const { log, lines } = recordedLog();
  const zone = new DnsZone();
  for (const guest of Object.values(GUESTS)) zone.add(guest);
  const plain = configOf('172.30.0.0/16');
  const gateway = parseIpv4('127.0.0.11');
  const guestDnsPort = await freePort(gateway);
  const config = { ...plain, dnsPort: 0, guestDnsPort, pool: { ...plain.pool, gateway } };
  const clock = { nowMs: 0 };
  const dns = createDnsServer({
    config,
    zone,
    upstreams: () => upstreams,
    nowMs: () => clock.nowMs,
    log,
  });
  await dns.start();
  t.after(() => dns.stop());
  const host: Place = { address: '127.0.0.1', port: dns.state().port };
  return {
    dns,
    zone,
    host,
    guests: { address: gateway, port: guestDnsPort },
    config,
    clock,
    lines,
  };
}

/** A server outside that knows one answer to everything, or does what it is told. */
export async function startUpstream(t: TestContext, respond: Respond = answerAll(1)) {
  const seen: DnsMessage[] = [];
  const watched: Respond = (bytes, source) => {
    seen.push(parseMessage(bytes));
    return respond(bytes, source);
  };
  const place = { address: '127.0.0.1', port: 0 };
  const listener = await listenForDns(place, watched, recordedLog().log);
  t.after(() => listener.close());
  return { upstream: { ...place, port: listener.port }, seen };
}

export function answerAll(count: number): Respond {
  return async (bytes, { transport }) => {
    const query = parseMessage(bytes);
    const name = query.questions[0]?.name ?? [];
    const answer = { type: 'A', name, address: parseIpv4('203.0.113.80') } as const;
    const answers = Array.from({ length: count }, () => answer);
    const reply = {
      rcode: RCODE.NOERROR,
      authoritative: false,
      recursionAvailable: true,
      answers,
      authority: [],
    };
    return encodeReply(query, reply, transport === 'tcp' ? 65_535 : 4096);
  };
}

export async function dig({ address, port }: Place, ...args: string[]): Promise<string> {
  const common = [`@${address}`, '-p', String(port), '+tries=1', '+time=5'];
  return (await run(DIG, [...common, ...args])).stdout;
}
