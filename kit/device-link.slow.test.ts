import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { before, test } from 'node:test';
import { openDeviceLinks } from './device-link.ts';
import { inOwnNamespaces, prepareNamespaces } from './testing/own-namespaces.ts';

inOwnNamespaces(import.meta.url, () => {
  const linkOf = openDeviceLinks();
  const ip = (line: string) => execFileSync('ip', line.split(' '), { encoding: 'utf8' });
  const indexOf = (device: string) => Number(ip(`-o link show ${device}`).split(':')[0]);
  const plain = { tap: false, bridge: undefined, isolated: false };

  before(async () => {
    await prepareNamespaces();
    ip('link add bridge0 type bridge');
    ip('link add left type veth peer name right');
    ip('tuntap add dev tap0 mode tap');
    ip('tuntap add dev tun0 mode tun');
  });

  test('each device is what it is, and what is none is absent', () => {
    assert.equal(linkOf('none'), undefined);
    assert.deepEqual(linkOf('lo'), { ...plain, index: 1, kind: '' });
    assert.deepEqual(linkOf('bridge0'), { ...plain, index: indexOf('bridge0'), kind: 'bridge' });
    assert.deepEqual(linkOf('left'), { ...plain, index: indexOf('left'), kind: 'veth' });
    assert.deepEqual(linkOf('tun0'), { ...plain, index: indexOf('tun0'), kind: 'tun' });
    assert.deepEqual([linkOf('tap0')?.kind, linkOf('tap0')?.tap], ['tun', true]);
  });

  test('a port knows its bridge and whether it is isolated', () => {
    const see = () => [linkOf('tap0')?.bridge, linkOf('tap0')?.isolated];
    ip('link set dev tap0 master bridge0');
    assert.deepEqual(see(), [indexOf('bridge0'), false]);
    ip('link set dev tap0 type bridge_slave isolated on');
    assert.deepEqual(see(), [indexOf('bridge0'), true]);
    ip('link set dev tap0 nomaster');
    assert.deepEqual(see(), [undefined, false]);
  });

  test('a thousand questions leave no descriptor open', () => {
    for (let count = 0; count < 1100; count++) linkOf('tap0');
    assert.equal(linkOf('tap0')?.tap, true);
  });
});
