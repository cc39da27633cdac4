import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { inOwnNamespaces } from '#kit/testing/own-namespaces.ts';
import { until } from '#kit/testing/until.ts';
import type { Lease } from '#proto/banger/v1/network.ts';
import { NetworkMode } from '#proto/banger/v1/types.ts';
import {
  addGuest,
  addInternet,
  connectNetd,
  end,
  prepareHost,
  runInGuest,
  startProgram,
  tool,
} from './testing/bridge-host.ts';
import { vmId } from './testing/netd-lab.ts';
import { randomOf } from './testing/random.ts';

type Network = ReturnType<typeof connectNetd>['network'];

inOwnNamespaces(import.meta.url, () => {
  let rootd: ChildProcess;
  let netd: ChildProcess;
  let network: Network;
  const running = new AsyncDisposableStack();
  after(() => running.disposeAsync());

  before(async () => {
    await prepareHost('[netd]\ntap_pool = 8\nupstream = ["198.18.0.1"]\n');
    rootd = await startProgram('rootd');
    running.defer(() => end(rootd, 'SIGTERM'));
    netd = await startProgram('netd');
    running.defer(() => end(netd, 'SIGTERM'));
    const connected = connectNetd();
    running.defer(() => connected.connection.close());
    network = connected.network;
  });

  const start = async (number: number, terms: { nat?: boolean; peers?: boolean } = {}) => {
    const vm = { vmId: vmId(number), vmName: `vm-${number}`, mode: NetworkMode.BRIDGE };
    await network.acquireLease({ ...vm, ...terms });
    const { lease } = await network.attachLease({ vmId: vmId(number) });
    assert.ok(lease !== undefined);
    return lease;
  };
  const stop = (number: number) => network.releaseLease({ vmId: vmId(number) });

  test('a bridge, a stock of taps and a name: the status finds no disagreement', async () => {
    const lease = await start(1, { nat: true });
    const status = await network.getNetworkStatus({});
    assert.deepEqual(status.disagreements, []);
    assert.deepEqual(status.bridge?.vmsWithRules, 1);
    assert.match(await tool('ip', 'addr', 'show', 'br-banger'), /172\.30\.0\.1\/16/);
    assert.match(await tool('nft', 'list', 'table', 'bridge', 'banger'), new RegExp(lease.mac));
    const asked = ['@127.0.0.1', '-p', '42069', '+short', 'vm-1.vm'];
    assert.equal(await tool('dig', ...asked), `${lease.address}\n`);
    await stop(1);
    assert.doesNotMatch(await tool('nft', 'list', 'ruleset'), new RegExp(lease.address));
    assert.equal(await tool('dig', ...asked), '');
  });

  test('a guest asks port 53 of its gateway: itself, and with nat the world', async (t) => {
    const internet = await addInternet();
    t.after(() => end(internet, 'SIGKILL'));
    const online = await start(1, { nat: true });
    const offline = await start(2);
    for (const lease of [online, offline]) {
      const guest = await addGuest(lease);
      t.after(() => end(guest, 'SIGKILL'));
    }
    const ask = (lease: Lease, ...question: string[]) =>
      runInGuest(lease, 'dig', '@172.30.0.1', '+tries=3', '+time=5', ...question);
    for (const transport of ['+notcp', '+tcp']) {
      assert.match(await ask(online, 'vm-1.vm', transport), /\s172\.30\.\d+\.\d+$/m);
      assert.match(await ask(online, 'vm-2.vm', transport), /status: NXDOMAIN/);
      assert.match(await ask(online, 'www.example.org', transport), /\s203\.0\.113\.80$/m);
      assert.match(await ask(offline, 'vm-2.vm', transport), /\s172\.30\.\d+\.\d+$/m);
      assert.match(await ask(offline, 'www.example.org', transport), /status: REFUSED/);
    }
    await network.setLease({ vmId: offline.vmId, nat: true });
    assert.match(await ask(offline, 'www.example.org'), /\s203\.0\.113\.80$/m);
    await stop(1);
    await stop(2);
  });

  test('200 VMs of 20 parallel callers share nothing and leave nothing', async () => {
    const numbers = Array.from({ length: 200 }, (_, at) => at + 100);
    const leases = await inParallel(20, numbers, (number) => start(number, { nat: true }));
    assert.equal(new Set(leases.map(({ address }) => address)).size, 200);
    assert.equal(new Set(leases.map(({ tap }) => tap)).size, 200);
    const full = await network.getNetworkStatus({});
    assert.deepEqual([full.disagreements, full.bridge?.vmsWithRules], [[], 200]);
    await inParallel(20, numbers, stop);
    const empty = await network.getNetworkStatus({});
    assert.deepEqual([empty.disagreements, empty.bridge?.vmsWithRules], [[], 0]);
    assert.deepEqual((await network.listLeases({})).leases, []);
  });

  test('killed at any moment, netd and rootd start again into agreement and keep what lives', async (t) => {
    const seed = Number(process.env.BANGER_SEED ?? Date.now() % 2 ** 31);
    t.diagnostic(`seed ${seed}; repeat with BANGER_SEED=${seed}`);
    const random = randomOf(seed);
    await start(1, { nat: true });
    for (let round = 0; round < 12; round++) {
      const comers = Promise.allSettled([2, 3, 4, 5].map(comeAndGo));
      await sleep(random(300));
      const victim = random(2) === 0 ? 'rootd' : 'netd';
      await end(victim === 'rootd' ? rootd : netd, 'SIGKILL');
      if (victim === 'rootd') rootd = await startProgram('rootd');
      else netd = await startProgram('netd');
      await comers;
      for (const number of [2, 3, 4, 5]) await stop(number);
      // A batch of taps that died with rootd is nobody's until netd's next round.
      await until(async () => (await network.getNetworkStatus({})).disagreements.length === 0);
      const { bridge } = await network.getNetworkStatus({});
      assert.equal(bridge?.vmsWithRules, 1, `round ${round}, ${victim} killed`);
    }
    await stop(1);
  });

  /** Every verb, a few times; whoever is killed meanwhile makes it fail. */
  const comeAndGo = async (number: number) => {
    for (let round = 0; round < 3; round++) {
      await start(number);
      await network.setLease({ vmId: vmId(number), nat: true });
      await network.detachLease({ vmId: vmId(number) });
      await stop(number);
    }
  };

  test('what somebody else flushes is told and mended', async () => {
    await start(1, { nat: true });
    await tool('nft', 'flush', 'ruleset');
    const { disagreements } = await network.getNetworkStatus({});
    assert.equal(disagreements.length, 1);
    await end(netd, 'SIGKILL');
    netd = await startProgram('netd');
    assert.deepEqual((await network.getNetworkStatus({})).disagreements, []);
    assert.match(await tool('nft', 'list', 'ruleset'), /172\.30\./);
    await stop(1);
  });

  test('a service that ends without guests leaves a host without bridge, taps and tables', async () => {
    await end(netd, 'SIGTERM');
    const left = await tool('ip', '-brief', 'link');
    assert.doesNotMatch(left, /br-banger|bgtap/);
    assert.doesNotMatch(await tool('nft', 'list', 'ruleset'), /banger/);
  });
});

async function inParallel<Item, Result>(
  callers: number,
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const waiting = [...items];
  const results: Result[] = [];
  const caller = async () => {
    for (let item = waiting.pop(); item !== undefined; item = waiting.pop()) {
      results.push(await work(item));
    }
  };
  await Promise.all(Array.from({ length: callers }, caller));
  return results;
}
