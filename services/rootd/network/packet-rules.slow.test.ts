import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { callOf } from '#kit/testing/call-of.ts';
import { failsWith } from '#kit/testing/fails-with.ts';
import { until } from '#kit/testing/until.ts';
import { checkPacketFilters } from '../checks/packet-filters.ts';
import * as applyRules from '../ops/apply-rules.ts';
import * as clearBridge from '../ops/clear-bridge.ts';
import * as clearRules from '../ops/clear-rules.ts';
import * as createTaps from '../ops/create-taps.ts';
import * as ensureBridge from '../ops/ensure-bridge.ts';
import * as listRules from '../ops/list-rules.ts';
import { arpClaim, arpRequest, routerAdvertisement, tagged, udp } from '../testing/frames.ts';
import {
  addGuest,
  addInternet,
  buildWire,
  type Guest,
  prepareHost,
  serveWeb,
  tool,
} from '../testing/network-lab.ts';
import { inOwnNamespaces } from '../testing/own-namespaces.ts';

const BRIDGE = 'br-banger';
const HOST = '172.30.0.1';
const HOST_MAC = '02:00:ac:1e:00:01';
const DNS_PORT = 42_053;
const PEOPLE = [1, 2, 3].map((index) => ({
  vmId: `000000000000000${index}`,
  tapIndex: index,
  address: `172.30.0.1${index}`,
  mac: `02:00:ac:1e:00:1${index}`,
}));

inOwnNamespaces(import.meta.url, () => {
  const call = callOf();
  /** What runs beside the tests, ended when they are over. */
  const running = new AsyncDisposableStack();
  after(() => running.disposeAsync());
  const guests: Guest[] = [];
  const guest = (index: number) => guests[index] as Guest;
  const datagrams: { text: string; from: string }[] = [];

  const apply = (index: number, { nat = false, peers = false }) =>
    applyRules.run(
      { call },
      applyRules.parse({
        bridge: BRIDGE,
        rules: { ...(PEOPLE[index] as (typeof PEOPLE)[0]), nat, peers },
        dnsPort: DNS_PORT,
      }),
    );
  const fetchPage = (index: number, url: string, patienceS = 5) =>
    guest(index).run('curl', '-s', '--max-time', `${patienceS}`, url);
  const cannotFetch = (index: number, url: string) =>
    assert.rejects(fetchPage(index, url, 1), /Command failed/);

  before(async () => {
    await prepareHost();
    await addInternet();
    const web = await serveWeb('inet');
    running.defer(() => void web.kill());
    await ensureBridge.run(
      { call },
      ensureBridge.parse({ bridge: BRIDGE, address: HOST, prefixLength: 24 }),
    );
    await createTaps.run({ call }, createTaps.parse({ bridge: BRIDGE, indexes: [1, 2, 3] }));
    const wire = await buildWire();
    for (const person of PEOPLE) guests.push(await addGuest(wire, person.tapIndex, person));
    running.defer(() => void guests.map((each) => each.leave()));
    const dns = createSocket('udp4').bind(DNS_PORT, HOST);
    dns.on('message', (text, from) => {
      datagrams.push({ text: text.toString(), from: from.address });
      dns.send(text, from.port, from.address);
    });
    const services = [
      createServer((_request, response) => response.end('dns over tcp')).listen(DNS_PORT, HOST),
      createServer((_request, response) => response.end('secret')).listen(8080, '0.0.0.0'),
    ];
    await Promise.all(services.map((service) => once(service, 'listening')));
    running.defer(() => void dns.close());
    for (const service of services) running.defer(() => void service.close());
  });

  test('a tap without rules is closed', () =>
    assert.rejects(guest(0).run('ping', '-c1', '-W1', HOST)));

  test('with nat a guest fetches a page, and the server sees the address of the uplink', async () => {
    await apply(0, { nat: true });
    assert.equal(await fetchPage(0, 'http://203.0.113.80/'), '198.18.0.2');
  });

  test('without nat it cannot, and it is told at once', async () => {
    await apply(1, {});
    await cannotFetch(1, 'http://203.0.113.80/');
    await apply(0, { nat: false });
    await cannotFetch(0, 'http://203.0.113.80/');
    await apply(0, { nat: true });
    assert.equal(await fetchPage(0, 'http://203.0.113.80/'), '198.18.0.2');
  });

  test('with nat the metadata service of a cloud stays out of reach', async () => {
    await tool('curl', '-s', '--max-time', '2', 'http://169.254.169.254/');
    await cannotFetch(0, 'http://169.254.169.254/');
  });

  test('with nat a port that somebody published on this host stays out of reach', async () => {
    await tool('nft', 'add table ip docker');
    await tool('nft', 'add chain ip docker pre { type nat hook prerouting priority dstnat; }');
    await tool(
      'nft',
      'add rule ip docker pre ip daddr 198.18.0.2 tcp dport 8081 dnat to 203.0.113.80:80',
    );
    assert.equal(await fetchPage(0, 'http://203.0.113.80/'), '198.18.0.2');
    await cannotFetch(0, 'http://198.18.0.2:8081/');
    await tool('nft', 'delete table ip docker');
  });

  test("a guest reaches the host's dns on port 53, by udp and tcp, and nothing else of the host", async () => {
    assert.equal(await fetchPage(0, `http://${HOST}:53/`), 'dns over tcp');
    guest(0).send(udp(guest(0), { mac: HOST_MAC, address: HOST, port: 53 }, 'honest'));
    await until(() => datagrams.some(({ text }) => text === 'honest'));
    assert.equal(await tool('curl', '-s', `http://${HOST}:8080/`), 'secret');
    for (const address of [HOST, '198.18.0.2', '127.0.0.1']) {
      await cannotFetch(0, `http://${address}:8080/`);
    }
  });

  test('the host reaches a guest', async (t) => {
    const web = await serveWeb(guest(0).name);
    t.after(() => web.kill());
    assert.equal(await tool('curl', '-s', '--max-time', '2', `http://${guest(0).address}/`), HOST);
  });

  test('guests are alone unless both asked for peers', async (t) => {
    const webs = [await serveWeb(guest(1).name), await serveWeb(guest(2).name)];
    t.after(() => webs.map((web) => web.kill()));
    const second = `http://${guest(1).address}/`;
    await apply(2, {});
    await cannotFetch(0, second);
    await apply(0, { nat: true, peers: true });
    await cannotFetch(0, second);
    await apply(1, { peers: true });
    assert.equal(await fetchPage(0, second), guest(0).address);
    await cannotFetch(0, `http://${guest(2).address}/`);
    await apply(0, { nat: true });
    await cannotFetch(0, second);
  });

  test('a guest reaches no other one by way of the host either', async (t) => {
    const web = await serveWeb(guest(1).name);
    t.after(() => web.kill());
    await apply(0, { nat: true });
    await apply(1, {});
    await guest(0).run('ip', 'route', 'add', guest(1).address, 'via', HOST);
    await cannotFetch(0, `http://${guest(1).address}/`);
    await guest(0).run('ip', 'route', 'del', guest(1).address);
  });

  test('the host answers honest arp and no other', async () => {
    const honest = guest(0);
    const answers = (text: string) =>
      honest.received.filter((frame) => frame.startsWith(text) && frame.slice(24, 28) === '0806');
    const mine = honest.mac.replaceAll(':', '');
    const before = answers(mine).length;
    honest.send(arpRequest({ mac: honest.mac, address: guest(1).address }, HOST));
    honest.send(arpRequest({ mac: guest(1).mac, address: honest.address }, HOST, honest.mac));
    honest.send(arpRequest(honest, HOST, guest(1).mac));
    honest.send(tagged(arpRequest(honest, HOST)));
    // Of an address on another network of the host it says nothing either.
    honest.send(arpRequest(honest, '198.18.0.2'));
    honest.send(arpRequest(honest, HOST));
    await until(() => answers(mine).length > before);
    await sleep(100);
    assert.equal(answers(mine).length, before + 1);
  });

  test('the host does not learn an address from a guest that claims it', async () => {
    guest(0).send(arpClaim({ mac: guest(0).mac, address: guest(2).address }));
    await guest(2).run('curl', '-s', '--max-time', '1', `http://${HOST}:53/`);
    const known = await tool('ip', 'neigh', 'show', guest(2).address, 'dev', BRIDGE);
    assert.match(known, new RegExp(guest(2).mac));
  });

  test('a datagram with a false source is dropped, by address and by mac', async () => {
    const to = { mac: HOST_MAC, address: HOST, port: 53 };
    guest(0).send(udp({ mac: guest(0).mac, address: '172.30.0.99' }, to, 'false address'));
    guest(0).send(udp({ mac: guest(0).mac, address: guest(1).address }, to, 'of another'));
    guest(0).send(udp({ mac: guest(1).mac, address: guest(0).address }, to, 'false mac'));
    guest(0).send(tagged(udp(guest(0), to, 'tagged')));
    guest(0).send(udp(guest(0), to, 'the last one'));
    await until(() => datagrams.some(({ text }) => text === 'the last one'));
    const refused = ['false address', 'of another', 'false mac', 'tagged'];
    assert.deepEqual(
      datagrams.filter(({ text }) => refused.includes(text)),
      [],
    );
  });

  test('ipv6 is closed, also between peers', async () => {
    await apply(0, { peers: true });
    await apply(1, { peers: true });
    const hidden = routerAdvertisement(guest(0).mac);
    const seen = arpRequest(guest(0), '172.30.0.200');
    guest(0).send(hidden);
    guest(0).send(tagged(hidden));
    guest(0).send(seen);
    await until(() => guest(1).received.includes(seen));
    assert.equal(guest(1).received.includes(hidden), false);
    assert.equal(guest(1).received.includes(tagged(hidden)), false);
    assert.equal(await tool('ip', '-6', 'addr', 'show', 'dev', BRIDGE), '');
  });

  test('applying the same rules again changes nothing', async () => {
    await apply(0, { nat: true });
    const before = await tool('nft', 'list', 'ruleset');
    await apply(0, { nat: true });
    assert.equal(await tool('nft', 'list', 'ruleset'), before);
  });

  test("another vm's tap and address are refused until its rules are cleared", async () => {
    const stolen = { ...(PEOPLE[0] as (typeof PEOPLE)[0]), vmId: 'ffffffffffffffff' };
    const request = { bridge: BRIDGE, rules: { ...stolen, nat: true, peers: true }, dnsPort: 53 };
    const before = await tool('nft', 'list', 'ruleset');
    await assert.rejects(
      applyRules.run({ call }, applyRules.parse(request)),
      failsWith('OPERATION_REFUSED', /clear its rules first/),
    );
    assert.equal(await tool('nft', 'list', 'ruleset'), before);
  });

  test('when somebody flushes the packet filter, the next change brings every rule back', async () => {
    await tool('nft', 'flush', 'ruleset');
    await apply(0, { nat: true });
    await apply(1, {});
    assert.equal(await fetchPage(0, 'http://203.0.113.80/'), '198.18.0.2');
    await cannotFetch(1, 'http://203.0.113.80/');
    await cannotFetch(0, `http://${HOST}:8080/`);
  });

  test('a table of somebody else that drops is found, and opened by what doctor says', async (t) => {
    t.after(() => tool('nft', 'delete table inet theirs'));
    await tool('nft', 'add table inet theirs');
    await tool(
      'nft',
      'add chain inet theirs forwarding { type filter hook forward priority 0; policy drop; }',
    );
    await cannotFetch(0, 'http://203.0.113.80/');
    const check = await checkPacketFilters(call);
    assert.equal(check.status, 'warn');
    assert.match(check.detail, /table inet theirs drops by default/);
    await tool('sh', '-c', check.remedy);
    assert.equal(await fetchPage(0, 'http://203.0.113.80/'), '198.18.0.2');
  });

  test('clearing one vm closes it and leaves the others alone', async () => {
    await clearRules.run({ call }, clearRules.parse({ vmId: '0000000000000002' }));
    await cannotFetch(1, `http://${HOST}:53/`);
    assert.equal(await fetchPage(0, 'http://203.0.113.80/'), '198.18.0.2');
    const known = await listRules.run({ call }, {});
    assert.deepEqual(known, [{ ...PEOPLE[0], nat: true, peers: false }]);
    await clearRules.run({ call }, clearRules.parse({ vmId: '0000000000000002' }));
  });

  test('clearing the bridge leaves no table behind, and none of anybody else is touched', async () => {
    await tool('nft', 'add table inet somebody');
    await clearBridge.run({ call }, clearBridge.parse({ bridge: BRIDGE }));
    await clearBridge.run({ call }, clearBridge.parse({ bridge: BRIDGE }));
    assert.equal(await tool('nft', 'list', 'tables'), 'table inet somebody\n');
  });
});
