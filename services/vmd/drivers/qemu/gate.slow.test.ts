import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { callOf } from '#kit/testing/call-of.ts';
import { inOwnNamespaces } from '#kit/testing/own-namespaces.ts';
import { temporaryFolder } from '#kit/testing/temporary-folder.ts';
import { connectGuest } from '../../adapters/guest/connect-guest.ts';
import { findObstacle } from '../../adapters/guest/testing/booted-guest.ts';
import type { Machine } from '../../domain/driver.ts';
import {
  HOST_ADDRESSES,
  makeOutsideWorld,
  OUTSIDE,
  OUTSIDE_NAME,
  PORT,
  serveNames,
  serveOnHost,
} from '../../testing/outside-world.ts';
import { createQemuBench } from '../../testing/qemu-bench.ts';

// A real guest, on a host whose services listen on every address it has.
const GATEWAY = '10.0.2.2';
const RESOLVER = '10.0.2.3';
// Asked outside too, where a kernel can be fetched that the inner run then has.
const real = { skip: (await findObstacle()) ?? false };
const call = callOf();
const nobody = () => Promise.reject(new Error('no rootd is asked for a machine of our own'));

inOwnNamespaces(import.meta.url, () => {
  const title = 'with nat a guest in user mode reaches the outside, and of the host its names only';
  test(title, real, async (t) => {
    await makeOutsideWorld(t);
    const asked = await serveOnHost(t);
    await serveNames(t);
    const host = await Promise.all(HOST_ADDRESSES.map((address) => fetchFrom(address)));
    assert.deepEqual(host, Array(HOST_ADDRESSES.length).fill('host'));
    assert.equal(asked.splice(0).length, HOST_ADDRESSES.length);

    const guest = await boot(t);
    assert.equal(await guest(wget(OUTSIDE_NAME)), 'outside');
    // Otherwise the guest's own loopback would take them.
    await guest(`ip route flush table local dev lo; ip route add 127.0.0.0/8 via ${GATEWAY}`);
    const targets = [GATEWAY, RESOLVER, '10.0.2.4', ...HOST_ADDRESSES];
    const got = await Promise.all([OUTSIDE, ...targets].map((address) => guest(wget(address))));
    assert.deepEqual(got, ['outside', ...Array(targets.length).fill('closed\n')]);
    assert.deepEqual(asked, []);
    const servers = [RESOLVER, ...HOST_ADDRESSES];
    const told = await Promise.all(servers.map((server) => guest(nslookup(server))));
    assert.deepEqual(told, ['open\n', ...Array(HOST_ADDRESSES.length).fill('closed\n')]);
  });
});

const wget = (host: string) => `timeout 8 wget -qO- http://${host}:${PORT} || echo closed`;
const nslookup = (server: string) =>
  `timeout 8 nslookup ${OUTSIDE_NAME} ${server} >/dev/null && echo open || echo closed`;

async function fetchFrom(address: string): Promise<string> {
  const answer = await fetch(`http://${address}:${PORT}`);
  return await answer.text();
}

/** Launched, let go, and found again, as across a restart of vmd. Runs scripts in the guest. */
async function boot(t: TestContext): Promise<(script: string) => Promise<string>> {
  const bench = createQemuBench({
    openState: temporaryFolder,
    privileged: false,
    jail: {
      answers: async () => false,
      ...{ launch: nobody, find: nobody, signal: nobody, reap: nobody },
    },
    network: { mode: 'user', nat: true, mac: '02:00:0a:00:02:0f' } satisfies Machine['network'],
    guest: {
      network: { address: '10.0.2.15/24', gateway: GATEWAY },
      nameservers: [RESOLVER],
    },
  });
  const machine = await bench.prepare(t);
  const launched = await bench.createDriver().launch(call, machine);
  launched.release();
  const found = await bench.createDriver().find(call, machine, launched.process);
  assert.ok(found);
  t.after(async () => {
    await found.signal(call, 'KILL');
    await found.exited;
    found.release();
  });
  await bench.awaitGuest(found);
  const guest = await connectGuest(connect(found.guestSocket), { signal: call.signal });
  t.after(() => guest.close());
  return async (script) => {
    const running = guest.exec({ argv: ['sh', '-c', script], user: '' });
    const [stdout] = await Promise.all([text(running.stdout), text(running.stderr)]);
    await running.wait();
    return stdout;
  };
}
