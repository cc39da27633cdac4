import type { Log } from '#kit/log.ts';
import type { DnsZone } from '../domain/dns-zone.ts';
import type { Dns, DnsState, NetworkConfig } from '../domain/ports.ts';
import { createForwarder } from './dns-forwarder.ts';
import { type DnsListener, listenForDns } from './dns-listener.ts';
import { createResponder, type Respond } from './dns-responder.ts';
import { createRateLimit } from './rate-limit.ts';
import type { Upstream } from './upstream.ts';

export type DnsServerParts = {
  config: NetworkConfig;
  zone: DnsZone;
  upstreams(): readonly Upstream[];
  nowMs(): number;
  log: Log;
};

const LOOPBACK = '127.0.0.1';
/** The host's one resolver asks for everybody on it; a guest asks for itself. */
const HOST_RATE = { perSecond: 2000, burst: 4000 };
const GUEST_RATE = { perSecond: 100, burst: 200 };

/** One of the two listeners, for the host on loopback or for the guests on the bridge. */
type Side = {
  readonly address: string;
  readonly port: number;
  readonly setting: string;
  readonly respond: Respond;
  listener?: DnsListener;
  problem: string;
};

/** The host is answered about our zone; guests are also asked for, where they may reach the outside. */
export function createDnsServer(parts: DnsServerParts): Dns {
  const { config, log } = parts;
  let questions = 0;
  const side = (address: string, port: number, setting: string, respond: Respond): Side => ({
    address,
    port,
    setting,
    problem: '',
    respond: (bytes, source) => {
      questions += 1;
      return respond(bytes, source);
    },
  });
  const { gateway } = config.pool;
  const host = side(LOOPBACK, config.dnsPort, 'dns_port', hostResponder(parts));
  const guests = side(gateway, config.guestDnsPort, 'guest_dns_port', guestResponder(parts));
  const sides = [host, guests];
  return {
    start: async () => void (await Promise.all(sides.map((each) => listen(each, log)))),
    stop: async () => void (await Promise.all(sides.map(stop))),
    state: () => stateOf(host, guests, questions),
    isPortFree: () => isPortFree(host, log),
  };
}

function stateOf(host: Side, guests: Side, questions: number): DnsState {
  const port = host.listener?.port ?? 0;
  const address = port === 0 ? '' : `${host.address}:${port}`;
  return { address, port, questions, problem: host.problem || guests.problem };
}

function hostResponder({ zone, config, nowMs }: DnsServerParts): Respond {
  const limit = createRateLimit({ ...HOST_RATE, nowMs });
  return createResponder({ zone, pool: config.pool, limit, askerAt: () => 'host' });
}

/** The packet rules keep a guest to its own address, so the address says who asks. */
function guestResponder({ zone, config, nowMs, upstreams, log }: DnsServerParts): Respond {
  return createResponder({
    zone,
    pool: config.pool,
    limit: createRateLimit({ ...GUEST_RATE, nowMs }),
    askerAt: (address) => zone.findByAddress(address),
    forwarder: createForwarder(upstreams, log),
  });
}

async function listen(side: Side, log: Log): Promise<void> {
  if (side.listener !== undefined) return;
  try {
    side.listener = await listenForDns(side, side.respond, log);
    side.problem = '';
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    side.problem = `dns does not listen on ${side.address}:${side.port}: ${why}; free the port, or set another "${side.setting}" under [netd]`;
  }
}

/** Listening for a moment is the only question that the kernel answers truly. */
async function isPortFree(place: { address: string; port: number }, log: Log): Promise<boolean> {
  try {
    const listener = await listenForDns(place, async () => undefined, log);
    await listener.close();
    return true;
  } catch (error) {
    log.debug('dns port is taken', { error });
    return false;
  }
}

async function stop(side: Side): Promise<void> {
  const { listener } = side;
  delete side.listener;
  await listener?.close();
}
