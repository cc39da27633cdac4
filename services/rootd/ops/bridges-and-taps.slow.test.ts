import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, beforeEach, test } from 'node:test';
import { callOf } from '#kit/testing/call-of.ts';
import { failsWith } from '#kit/testing/fails-with.ts';
import { inOwnNamespaces, prepareNamespaces } from '#kit/testing/own-namespaces.ts';
import { readLinks } from '../network/links.ts';
import { openKernel } from '../testing/kernel.ts';
import { tool } from '../testing/network-lab.ts';
import * as clearBridge from './clear-bridge.ts';
import * as createTaps from './create-taps.ts';
import * as deleteTaps from './delete-taps.ts';
import * as ensureBridge from './ensure-bridge.ts';
import * as listTaps from './list-taps.ts';
import * as setResolver from './set-resolver.ts';

const BRIDGE = 'br-banger';

inOwnNamespaces(import.meta.url, () => {
  const call = callOf();
  const kernel = openKernel();
  const ensure = (given = {}) =>
    ensureBridge.run(
      { call, kernel },
      ensureBridge.parse({ bridge: BRIDGE, address: '172.30.0.1', prefixLength: 16, ...given }),
    );
  const clear = (bridge = BRIDGE) =>
    clearBridge.run({ call, kernel }, clearBridge.parse({ bridge }));
  const create = (indexes: readonly number[], bridge = BRIDGE) =>
    createTaps.run({ call }, createTaps.parse({ bridge, indexes }));
  const remove = (indexes: readonly number[]) =>
    deleteTaps.run({ call }, deleteTaps.parse({ indexes }));
  const list = () => listTaps.run({ call }, listTaps.parse({}));
  const ip = (line: string) => tool('ip', ...line.split(' '));
  const everything = async () => [await tool('ip', 'addr'), await tool('nft', 'list', 'ruleset')];

  before(prepareNamespaces);
  beforeEach(async () => {
    const { taps } = await list();
    for (const { name } of taps) await ip(`link del ${name}`);
    await clear();
  });
  after(() => clear());

  test('a bridge has its address, a mac that follows from it, no ipv6, and is up', async () => {
    await ensure();
    const [bridge] = (await readLinks(call)).filter(({ name }) => name === BRIDGE);
    assert.deepEqual(bridge?.addresses, [{ address: '172.30.0.1', prefixLength: 16 }]);
    assert.equal(bridge?.up, true);
    assert.match(await ip(`link show ${BRIDGE}`), /02:00:ac:1e:00:01/);
    assert.match(
      await ip(`-d link show ${BRIDGE}`),
      /forward_delay 0 .*stp_state 0 .*mcast_snooping 0/,
    );
    const setting = `/proc/sys/net/ipv6/conf/${BRIDGE}/disable_ipv6`;
    assert.equal(readFileSync(setting, 'utf8').trim(), '1');
    assert.deepEqual((await list()).bridges, [{ name: BRIDGE, subnet: bridge?.addresses[0] }]);
  });

  test('ensuring it again changes nothing, and another address replaces the first', async () => {
    await ensure();
    const before = await everything();
    await ensure();
    assert.deepEqual(await everything(), before);
    await ensure({ address: '10.20.0.1', prefixLength: 24 });
    const { bridges } = await list();
    assert.deepEqual(bridges, [
      { name: BRIDGE, subnet: { address: '10.20.0.1', prefixLength: 24 } },
    ]);
  });

  test('forwarding is not switched on for a bridge alone', async () => {
    await ensure();
    assert.equal(readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8').trim(), '0');
  });

  test('a network that the host has a route to is refused, with the route, and nothing is made', async (t) => {
    await ip('link add up0 type veth peer name up1');
    t.after(() => ip('link del up0'));
    await ip('addr add 10.9.0.1/24 dev up0');
    await ip('link set up0 up');
    await ip('link set up1 up');
    await ip('route add 192.168.0.0/16 via 10.9.0.2');
    // What a VPN uses instead of a default route takes nothing from anybody.
    await ip('route add 128.0.0.0/1 via 10.9.0.2');
    const before = await everything();
    for (const [address, route] of [
      ['10.9.0.200', /10\.9\.0\.0\/24 by "up0"/],
      ['192.168.5.1', /192\.168\.0\.0\/16 by "up0"/],
    ] as const) {
      await assert.rejects(ensure({ address }), failsWith('OPERATION_REFUSED', route));
    }
    assert.deepEqual(await everything(), before);
    await ensure({ address: '172.30.0.1' });
  });

  test('a device of the name that is no bridge is refused and left alone', async (t) => {
    await ip(`link add ${BRIDGE}-x type veth peer name other`);
    t.after(() => ip('link del other'));
    const foreign = failsWith('OPERATION_REFUSED', /exists and is not a bridge/);
    const before = await everything();
    await assert.rejects(ensure({ bridge: `${BRIDGE}-x` }), foreign);
    await assert.rejects(clear(`${BRIDGE}-x`), foreign);
    await assert.rejects(create([1], `${BRIDGE}-x`), foreign);
    assert.deepEqual(await everything(), before);
  });

  test("a bridge with somebody else's device is not removed from under it", async (t) => {
    await ensure();
    await ip('link add theirs type veth peer name other');
    t.after(() => ip('link del theirs'));
    await ip(`link set theirs master ${BRIDGE}`);
    await assert.rejects(clear(), failsWith('OPERATION_REFUSED', /"theirs" is attached/));
    await ip('link set theirs nomaster');
    await clear();
  });

  test('a second bridge keeps its rules when the first goes', async (t) => {
    await ensure();
    await ensure({ bridge: `${BRIDGE}-2`, address: '10.20.0.1' });
    t.after(() => clear(`${BRIDGE}-2`));
    await clear();
    assert.match(await tool('nft', 'list', 'tables'), /banger/);
    await clear(`${BRIDGE}-2`);
    assert.equal(await tool('nft', 'list', 'tables'), '');
  });

  test('taps are made up, attached, isolated, without addresses, and nobody owns them', async () => {
    await ensure();
    const taps = await create([5, 4, 4]);
    const expected = (index: number) => ({
      ...{ index, name: `bgtap-${index}`, up: true, attached: true, inUse: false },
      bridge: BRIDGE,
    });
    assert.deepEqual(taps, [expected(4), expected(5)]);
    const described = await ip('-d link show bgtap-4');
    assert.match(described, /isolated on/);
    assert.match(described, /tun type tap .*persist on/);
    assert.doesNotMatch(described, / user /);
    assert.equal(await ip('-6 addr show bgtap-4'), '');
  });

  test('taps that are there stay, and half made ones are finished', async () => {
    await ensure();
    await create([1]);
    await ip('tuntap add dev bgtap-2 mode tap');
    const indexOf = async () => /^\d+/.exec(await ip('-o link show bgtap-1'))?.[0];
    const before = await indexOf();
    const taps = await create([1, 2, 3]);
    assert.deepEqual(
      taps.map(({ attached, up }) => attached && up),
      [true, true, true],
    );
    assert.match(await ip('-d link show bgtap-2'), /isolated on/);
    assert.equal(await indexOf(), before);
  });

  test('a tap of somebody else, or at another bridge, is refused, and none is made', async (t) => {
    await ensure();
    await ip('link add bgtap-7 type veth peer name other');
    t.after(() => ip('link del other'));
    await ip('link add theirs type bridge');
    t.after(() => ip('link del theirs'));
    await ip('tuntap add dev bgtap-8 mode tap');
    await ip('link set bgtap-8 master theirs');
    const before = await everything();
    await assert.rejects(create([6, 7]), failsWith('OPERATION_REFUSED', /is not a tap/));
    await assert.rejects(create([6, 8]), failsWith('OPERATION_REFUSED', /attached to "theirs"/));
    await assert.rejects(remove([7]), failsWith('OPERATION_REFUSED', /is not a tap/));
    assert.deepEqual(await everything(), before);
  });

  test('when the host cannot make all taps, none is left', async (t) => {
    await ensure();
    await tool('mount', '--bind', '/dev/null', '/dev/net/tun');
    t.after(() => tool('umount', '/dev/net/tun'));
    await assert.rejects(create([1, 2]), failsWith('COMMAND_FAILED', /ip ended with status/));
    assert.deepEqual((await list()).taps, []);
  });

  test('taps without a bridge are refused with what to do', async () => {
    await assert.rejects(create([1]), failsWith('HOST_NOT_READY', /no bridge "br-banger"; ensure/));
  });

  test('taps that are gone are fine to remove', async () => {
    await ensure();
    await create([1, 2]);
    await remove([1, 2, 3]);
    await remove([1]);
    assert.deepEqual((await list()).taps, []);
  });

  test('two hundred taps are made and removed in one batch each', async () => {
    await ensure();
    const indexes = Array.from({ length: 200 }, (_, index) => index);
    assert.equal((await create(indexes)).length, 200);
    await remove(indexes.slice(1));
    assert.deepEqual(
      (await list()).taps.map(({ index }) => index),
      [0],
    );
  });

  test('a tap that an interrupted removal left marked is not removed with others', async () => {
    await ensure();
    await create([1, 2]);
    await ip('link set dev bgtap-1 group 1650947169');
    await remove([2]);
    assert.deepEqual(
      (await list()).taps.map(({ index }) => index),
      [1],
    );
  });

  test('without systemd-resolved nothing is routed', async () => {
    await ensure();
    const input = setResolver.parse({ bridge: BRIDGE, dnsPort: 42_069 });
    assert.equal(await setResolver.run({ call }, input), false);
  });
});
