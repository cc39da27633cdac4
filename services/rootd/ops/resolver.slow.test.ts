import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { before, beforeEach, test } from 'node:test';
import { callOf } from '#kit/testing/call-of.ts';
import { failsWith } from '#kit/testing/fails-with.ts';
import { inOwnNamespaces, prepareNamespaces } from '#kit/testing/own-namespaces.ts';
import { checkResolver } from '../checks/host-features.ts';
import { openKernel } from '../testing/kernel.ts';
import { tool } from '../testing/network-lab.ts';
import * as clearResolver from './clear-resolver.ts';
import * as ensureBridge from './ensure-bridge.ts';
import * as setResolver from './set-resolver.ts';

const BRIDGE = 'br-banger';
const SOCKET = '/run/systemd/resolve/io.systemd.Resolve';
const CALLS = '/run/resolvectl.log';

inOwnNamespaces(import.meta.url, () => {
  const call = callOf();
  const set = (bridge = BRIDGE) =>
    setResolver.run({ call }, setResolver.parse({ bridge, dnsPort: 42_069 }));
  const clear = (bridge = BRIDGE) => clearResolver.run({ call }, clearResolver.parse({ bridge }));
  const calls = () => readFileSync(CALLS, 'utf8').split('\n').filter(Boolean);

  /** Stands for systemd-resolved, and notes what it is told. */
  before(async () => {
    await prepareNamespaces();
    await tool('mount', '-t', 'tmpfs', 'tmpfs', '/usr/local/sbin');
    writeFileSync('/usr/local/sbin/resolvectl', `#!/bin/sh\necho "$@" >> ${CALLS}\n`);
    chmodSync('/usr/local/sbin/resolvectl', 0o755);
    mkdirSync('/run/systemd/resolve', { recursive: true });
    const bridge = { bridge: BRIDGE, address: '172.30.0.1', prefixLength: 16 };
    await ensureBridge.run({ call, kernel: openKernel() }, ensureBridge.parse(bridge));
  });
  beforeEach(() => {
    writeFileSync(SOCKET, '');
    writeFileSync(CALLS, '');
  });

  test('the zone "vm" and nothing else is asked at our port, and no name leaves by default', async () => {
    assert.equal(await set(), true);
    assert.deepEqual(calls(), [
      'default-route br-banger false',
      'domain br-banger ~vm',
      'dns br-banger 127.0.0.1:42069',
    ]);
    assert.equal(checkResolver().status, 'pass');
  });

  test('it is reverted as a whole', async () => {
    await clear();
    assert.deepEqual(calls(), ['revert br-banger']);
  });

  test('without a bridge there is nothing to set and nothing to revert', async () => {
    await assert.rejects(set('br-banger-2'), failsWith('HOST_NOT_READY', /no bridge/));
    await clear('br-banger-2');
    assert.deepEqual(calls(), []);
  });

  test('where systemd-resolved does not run, nobody is told anything, and doctor says so', async () => {
    rmSync(SOCKET);
    assert.equal(await set(), false);
    await clear();
    assert.deepEqual(calls(), []);
    assert.equal(checkResolver().status, 'warn');
  });
});
