import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { callOf } from '#kit/testing/call-of.ts';
import { prepareNamespaces } from '#kit/testing/own-namespaces.ts';
import { createRuleChanges } from '../network/rule-changes.ts';
import * as applyRules from '../ops/apply-rules.ts';
import * as createTaps from '../ops/create-taps.ts';
import * as ensureBridge from '../ops/ensure-bridge.ts';
import { createTurns } from '../turns.ts';
import { openKernel } from './kernel.ts';
import { addGuest, addInternet, buildWire, type Guest, serveWeb } from './network-lab.ts';

export const BRIDGE = 'br-banger';
export const HOST = '172.30.0.1';
export const HOST_MAC = '02:00:ac:1e:00:01';
export const WEB = 'http://203.0.113.80/';
const DNS_PORT = 42_053;

/** The guests of a lab, as netd would have leased for them. */
export const LEASES = [1, 2, 3].map((index) => ({
  vmId: `000000000000000${index}`,
  tapIndex: index,
  address: `172.30.0.1${index}`,
  mac: `02:00:ac:1e:00:1${index}`,
}));

export type GuestLab = AsyncDisposable & {
  /** By their place in LEASES. */
  guest(index: number): Guest;
  /** Gives a guest its rules, by rootd's own operation. */
  apply(index: number, rules: { nat?: boolean; peers?: boolean }): Promise<void>;
  fetchPage(index: number, url: string, patienceS?: number): Promise<string>;
  /** What reached the host's DNS by UDP. */
  readonly datagrams: readonly string[];
};

/** A host with a bridge, three guests without rules, a DNS forwarder, a secret on port 8080, and an internet. */
export async function openGuestLab(): Promise<GuestLab> {
  await using running = new AsyncDisposableStack();
  const call = callOf();
  const kernel = openKernel();
  const changes = createRuleChanges(kernel.nft, createTurns().network);
  await prepareNamespaces();
  await addInternet();
  const web = await serveWeb('inet');
  running.defer(() => void web.kill());
  const bridge = { bridge: BRIDGE, address: HOST, prefixLength: 24 };
  await ensureBridge.run({ call, kernel }, ensureBridge.parse(bridge));
  const indexes = LEASES.map(({ tapIndex }) => tapIndex);
  await createTaps.run({ call }, createTaps.parse({ bridge: BRIDGE, indexes }));
  const guests: Guest[] = [];
  const wire = await buildWire();
  for (const lease of LEASES) guests.push(await addGuest(wire, lease.tapIndex, lease));
  rmSync(wire);
  running.defer(() => void Promise.all(guests.map((each) => each.leave())));
  const datagrams: string[] = [];
  running.use(await serveHost((text) => datagrams.push(text)));
  const kept = running.move();
  const guest = (index: number) => at(guests, index);
  return {
    guest,
    datagrams,
    apply: (index, { nat = false, peers = false }) =>
      applyRules.run(
        { call, kernel, changes },
        applyRules.parse({
          bridge: BRIDGE,
          rules: { ...at(LEASES, index), nat, peers },
          dnsPort: DNS_PORT,
        }),
      ),
    fetchPage: (index, url, patienceS = 5) =>
      guest(index).run('curl', '-s', '--max-time', `${patienceS}`, url),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Services of the host: a DNS forwarder that echoes, and one that is none of a guest's business. */
async function serveHost(onDatagram: (text: string) => void): Promise<Disposable> {
  const dns = createSocket('udp4').bind(DNS_PORT, HOST);
  dns.on('message', (text, from) => {
    onDatagram(text.toString());
    dns.send(text, from.port, from.address);
  });
  const services = [
    createServer((_request, response) => response.end('dns over tcp')).listen(DNS_PORT, HOST),
    createServer((_request, response) => response.end('secret')).listen(8080, '0.0.0.0'),
  ];
  await Promise.all(services.map((service) => once(service, 'listening')));
  return {
    [Symbol.dispose]() {
      dns.close();
      for (const service of services) service.close();
    },
  };
}

function at<Item>(items: readonly Item[], index: number): Item {
  const item = items[index];
  if (item === undefined) throw new Error(`there are ${items.length} and no ${index}`);
  return item;
}
