import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { inOwnNamespaces } from '#kit/testing/own-namespaces.ts';
import { until } from '#kit/testing/until.ts';
import { arpClaim, arpRequest, routerAdvertisement, tagged, udp } from '../testing/frames.ts';
import { BRIDGE, type GuestLab, HOST, HOST_MAC, openGuestLab } from '../testing/guest-lab.ts';
import { tool } from '../testing/network-lab.ts';

// What a guest may say it is: each false frame goes the same way as an honest one that arrives.
inOwnNamespaces(import.meta.url, () => {
  let lab: GuestLab;
  before(async () => {
    lab = await openGuestLab();
    await lab.apply(0, {});
    await lab.apply(2, {});
  });
  after(() => lab[Symbol.asyncDispose]());

  test('the host answers honest arp and no other', async () => {
    const honest = lab.guest(0);
    const answers = (text: string) =>
      honest.received.filter((frame) => frame.startsWith(text) && frame.slice(24, 28) === '0806');
    const mine = honest.mac.replaceAll(':', '');
    const before = answers(mine).length;
    honest.send(arpRequest({ mac: honest.mac, address: lab.guest(1).address }, HOST));
    honest.send(arpRequest({ mac: lab.guest(1).mac, address: honest.address }, HOST, honest.mac));
    honest.send(arpRequest(honest, HOST, lab.guest(1).mac));
    honest.send(tagged(arpRequest(honest, HOST)));
    // Of an address on another network of the host it says nothing either.
    honest.send(arpRequest(honest, '198.18.0.2'));
    honest.send(arpRequest(honest, HOST));
    await until(() => answers(mine).length > before);
    await sleep(100);
    assert.equal(answers(mine).length, before + 1);
  });

  test('the host does not learn an address from a guest that claims it', async () => {
    lab.guest(0).send(arpClaim({ mac: lab.guest(0).mac, address: lab.guest(2).address }));
    await lab.guest(2).run('curl', '-s', '--max-time', '1', `http://${HOST}:53/`);
    const known = await tool('ip', 'neigh', 'show', lab.guest(2).address, 'dev', BRIDGE);
    assert.match(known, new RegExp(lab.guest(2).mac));
  });

  test('a datagram with a false source is dropped, by address and by mac', async () => {
    const to = { mac: HOST_MAC, address: HOST, port: 53 };
    lab.guest(0).send(udp({ mac: lab.guest(0).mac, address: '172.30.0.99' }, to, 'false address'));
    lab
      .guest(0)
      .send(udp({ mac: lab.guest(0).mac, address: lab.guest(1).address }, to, 'of another'));
    lab
      .guest(0)
      .send(udp({ mac: lab.guest(1).mac, address: lab.guest(0).address }, to, 'false mac'));
    lab.guest(0).send(tagged(udp(lab.guest(0), to, 'tagged')));
    lab.guest(0).send(udp(lab.guest(0), to, 'the last one'));
    await until(() => lab.datagrams.some((text) => text === 'the last one'));
    const refused = ['false address', 'of another', 'false mac', 'tagged'];
    assert.deepEqual(
      lab.datagrams.filter((text) => refused.includes(text)),
      [],
    );
  });

  test('ipv6 is closed, also between peers', async () => {
    await lab.apply(0, { peers: true });
    await lab.apply(1, { peers: true });
    const hidden = routerAdvertisement(lab.guest(0).mac);
    const seen = arpRequest(lab.guest(0), '172.30.0.200');
    lab.guest(0).send(hidden);
    lab.guest(0).send(tagged(hidden));
    lab.guest(0).send(seen);
    await until(() => lab.guest(1).received.includes(seen));
    // Not even its broadcasts reach a guest that did not ask for peers.
    assert.equal(lab.guest(2).received.includes(seen), false);
    assert.equal(lab.guest(1).received.includes(hidden), false);
    assert.equal(lab.guest(1).received.includes(tagged(hidden)), false);
    assert.equal(await tool('ip', '-6', 'addr', 'show', 'dev', BRIDGE), '');
  });

  test('ipv6 of the host does not reach a guest, even when somebody turns it on', async (t) => {
    const setting = `net.ipv6.conf.${BRIDGE}.disable_ipv6`;
    t.after(() => tool('sysctl', '-qw', `${setting}=1`));
    await tool('sysctl', '-qw', `${setting}=0`);
    await tool('ip', 'addr', 'add', 'fd00::1/64', 'dev', BRIDGE, 'nodad');
    const count = (type: string) =>
      lab.guest(0).received.filter((frame) => frame.slice(24, 28) === type).length;
    const before = [count('86dd'), count('0800')];
    await tool('sh', '-c', `ping -6 -c1 -W1 fd00::2; ping -c1 -W1 ${lab.guest(0).address}; true`);
    await until(() => count('0800') > (before[1] ?? 0));
    assert.equal(count('86dd'), before[0]);
  });
});
