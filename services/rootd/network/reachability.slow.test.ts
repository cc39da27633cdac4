import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { callOf } from '#kit/testing/call-of.ts';
import { failsWith } from '#kit/testing/fails-with.ts';
import { inOwnNamespaces } from '#kit/testing/own-namespaces.ts';
import { until } from '#kit/testing/until.ts';
import { checkPacketFilters } from '../checks/packet-filters.ts';
import * as applyRules from '../ops/apply-rules.ts';
import * as clearBridge from '../ops/clear-bridge.ts';
import * as clearRules from '../ops/clear-rules.ts';
import * as listRules from '../ops/list-rules.ts';
import { udp } from '../testing/frames.ts';
import {
  BRIDGE,
  type GuestLab,
  HOST,
  HOST_MAC,
  LEASES,
  openGuestLab,
  WEB,
} from '../testing/guest-lab.ts';
import { openKernel } from '../testing/kernel.ts';
import { addNeighbours, inNamespace, serveWeb, tool } from '../testing/network-lab.ts';
import { createTurns } from '../turns.ts';
import { createRuleChanges } from './rule-changes.ts';

// Whom a guest reaches: each "must not" stands beside a packet of the same kind that passes.
inOwnNamespaces(import.meta.url, () => {
  const call = callOf();
  const kernel = openKernel();
  const changes = createRuleChanges(kernel.nft, createTurns().network);
  let lab: GuestLab;
  before(async () => {
    lab = await openGuestLab();
  });
  after(() => lab[Symbol.asyncDispose]());

  test('a tap without rules is closed', () =>
    assert.rejects(lab.guest(0).run('ping', '-c1', '-W1', HOST)));

  test('with nat a guest fetches a page, and the server sees the address of the uplink', async () => {
    await lab.apply(0, { nat: true });
    assert.equal(await lab.fetchPage(0, WEB), '198.18.0.2');
  });

  test('without nat it cannot, and it is told at once', async () => {
    await lab.apply(1, {});
    await cannotFetch(lab, 1, WEB);
    await lab.apply(0, { nat: false });
    await cannotFetch(lab, 0, WEB);
    await lab.apply(0, { nat: true });
    assert.equal(await lab.fetchPage(0, WEB), '198.18.0.2');
  });

  test('with nat the metadata service of a cloud stays out of reach', async () => {
    await tool('curl', '-s', '--max-time', '2', 'http://169.254.169.254/');
    await cannotFetch(lab, 0, 'http://169.254.169.254/');
  });

  test('with nat a port that somebody published on this host stays out of reach', async () => {
    await tool('nft', 'add table ip docker');
    await tool('nft', 'add chain ip docker pre { type nat hook prerouting priority dstnat; }');
    await tool(
      'nft',
      'add rule ip docker pre ip daddr 198.18.0.2 tcp dport 8081 dnat to 203.0.113.80:80',
    );
    assert.equal(await lab.fetchPage(0, WEB), '198.18.0.2');
    await cannotFetch(lab, 0, 'http://198.18.0.2:8081/');
    await tool('nft', 'delete table ip docker');
  });

  test("a guest reaches the host's dns on port 53, by udp and tcp, and nothing else of the host", async () => {
    assert.equal(await lab.fetchPage(0, `http://${HOST}:53/`), 'dns over tcp');
    lab.guest(0).send(udp(lab.guest(0), { mac: HOST_MAC, address: HOST, port: 53 }, 'honest'));
    await until(() => lab.datagrams.some((text) => text === 'honest'));
    assert.equal(await tool('curl', '-s', `http://${HOST}:8080/`), 'secret');
    for (const address of [HOST, '198.18.0.2', '127.0.0.1']) {
      await cannotFetch(lab, 0, `http://${address}:8080/`);
    }
  });

  test('nobody outside begins a conversation with a guest', async (t) => {
    const web = await serveWeb(lab.guest(0).name);
    t.after(() => web.kill());
    const ask = () =>
      inNamespace('inet', 'curl', '-s', '--max-time', '1', `http://${lab.guest(0).address}/`);
    await assert.rejects(ask(), /Command failed/);
  });

  test('bridges and forwarding of somebody else work as before', async (t) => {
    await addNeighbours();
    const web = await serveWeb('far');
    t.after(() => web.kill());
    const fetchFrom = (url: string) => inNamespace('near', 'curl', '-s', '--max-time', '5', url);
    assert.equal(await fetchFrom('http://10.50.0.3/'), '10.50.0.2');
    assert.equal(await fetchFrom(WEB), '10.50.0.2');
    assert.equal(await fetchFrom('http://10.50.0.1:8080/'), 'secret');
  });

  test('the host reaches a guest', async (t) => {
    const web = await serveWeb(lab.guest(0).name);
    t.after(() => web.kill());
    assert.equal(
      await tool('curl', '-s', '--max-time', '2', `http://${lab.guest(0).address}/`),
      HOST,
    );
  });

  test('guests are alone unless both asked for peers', async (t) => {
    const webs = [await serveWeb(lab.guest(1).name), await serveWeb(lab.guest(2).name)];
    t.after(() => webs.map((web) => web.kill()));
    const second = `http://${lab.guest(1).address}/`;
    await lab.apply(2, {});
    await cannotFetch(lab, 0, second);
    await lab.apply(0, { nat: true, peers: true });
    await cannotFetch(lab, 0, second);
    await lab.apply(1, { peers: true });
    assert.equal(await lab.fetchPage(0, second), lab.guest(0).address);
    await cannotFetch(lab, 0, `http://${lab.guest(2).address}/`);
    await lab.apply(0, { nat: true });
    await cannotFetch(lab, 0, second);
  });

  test('a guest reaches no other one by way of the host either', async (t) => {
    const web = await serveWeb(lab.guest(1).name);
    t.after(() => web.kill());
    await lab.apply(0, { nat: true });
    await lab.apply(1, {});
    await lab.guest(0).run('ip', 'route', 'add', lab.guest(1).address, 'via', HOST);
    await cannotFetch(lab, 0, `http://${lab.guest(1).address}/`);
    await lab.guest(0).run('ip', 'route', 'del', lab.guest(1).address);
  });

  test('applying the same rules again changes nothing', async () => {
    await lab.apply(0, { nat: true });
    const before = await tool('nft', 'list', 'ruleset');
    await lab.apply(0, { nat: true });
    assert.equal(await tool('nft', 'list', 'ruleset'), before);
  });

  test("another vm's tap and address are refused until its rules are cleared", async () => {
    const stolen = { vmId: 'ffffffffffffffff', nat: true, peers: true };
    const [rules] = LEASES.map((lease) => ({ ...lease, ...stolen }));
    const request = { bridge: BRIDGE, rules, dnsPort: 53 };
    const before = await tool('nft', 'list', 'ruleset');
    await assert.rejects(
      applyRules.run({ call, kernel, changes }, applyRules.parse(request)),
      failsWith('OPERATION_REFUSED', /clear its rules first/),
    );
    assert.equal(await tool('nft', 'list', 'ruleset'), before);
  });

  test('when somebody flushes the packet filter, the next change brings every rule back', async () => {
    await tool('nft', 'flush', 'ruleset');
    await lab.apply(0, { nat: true });
    await lab.apply(1, {});
    assert.equal(await lab.fetchPage(0, WEB), '198.18.0.2');
    await cannotFetch(lab, 1, WEB);
    await cannotFetch(lab, 0, `http://${HOST}:8080/`);
  });

  test('a table of somebody else that drops is found, and opened by what doctor says', async (t) => {
    t.after(() => tool('nft', 'delete table inet theirs'));
    await tool('nft', 'add table inet theirs');
    await tool(
      'nft',
      'add chain inet theirs forwarding { type filter hook forward priority 0; policy drop; }',
    );
    await cannotFetch(lab, 0, WEB);
    const check = checkPacketFilters(kernel.nft);
    assert.equal(check.status, 'warn');
    assert.match(check.detail, /table inet theirs drops by default/);
    await tool('sh', '-c', check.remedy);
    assert.equal(await lab.fetchPage(0, WEB), '198.18.0.2');
  });

  test('clearing one vm closes it and leaves the others alone', async () => {
    await clearRules.run({ call, kernel, changes }, clearRules.parse({ vmId: '0000000000000002' }));
    await cannotFetch(lab, 1, `http://${HOST}:53/`);
    assert.equal(await lab.fetchPage(0, WEB), '198.18.0.2');
    const known = await listRules.run({ call, kernel }, {});
    assert.deepEqual(known, [{ ...LEASES[0], nat: true, peers: false }]);
    await clearRules.run({ call, kernel, changes }, clearRules.parse({ vmId: '0000000000000002' }));
  });

  test('clearing the bridge leaves no table behind, and none of anybody else is touched', async () => {
    await tool('nft', 'add table inet somebody');
    await clearBridge.run({ call, kernel }, clearBridge.parse({ bridge: BRIDGE }));
    await clearBridge.run({ call, kernel }, clearBridge.parse({ bridge: BRIDGE }));
    assert.equal(await tool('nft', 'list', 'tables'), 'table inet somebody\n');
  });
});

function cannotFetch(lab: GuestLab, index: number, url: string): Promise<void> {
  return assert.rejects(lab.fetchPage(index, url, 1), /Command failed/);
}
