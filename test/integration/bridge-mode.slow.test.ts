import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type BridgedVms, OUTSIDE, openBridgedVms, statusOf } from './bridged-vms.ts';
import { countBytes, fetchAtOnce } from './host-clients.ts';
import { needsMountNamespace, needsVms } from './needs.ts';
import { signalProcess } from './signal-process.ts';
import { openSuiteEnding } from './suite-ending.ts';

const NO_CAPABILITY = '0000000000000000';
const UPLINK = '198.18.0.2';
const CONNECTIONS = 200;
const MIB = 2 ** 20;
const DOWNLOAD = 128 * MIB;

/** Fetches a page in a guest, and fails when nobody answers. */
const page = (address: string, path = '', port = 80) =>
  `printf 'GET /${path} HTTP/1.0\\r\\n\\r\\n' | nc -w 3 ${address} ${port} | tail -n 1 | grep .`;

void describe('guests on the bridge', { skip: needsMountNamespace || needsVms }, () => {
  let vms: BridgedVms;
  let port: number;
  let bulkPort: number;
  const suite = openSuiteEnding();
  after(() => suite.end());
  before(async () => {
    vms = await openBridgedVms(suite);
  });

  test('each has an address, a uid and a jail of its own, and no capability', async () => {
    const publish = ['-p', '0:80', '-p', '0:81'];
    const made = [await vms.create('one', '--nat', ...publish), await vms.create('two')];
    const published = made[0]?.publishedPorts.map(({ hostPort }) => hostPort) ?? [];
    [port = 0, bulkPort = 0] = published;
    assert.deepEqual(
      made.map(({ address }) => address),
      ['172.30.0.2', '172.30.0.3'],
    );
    const uids = made.map(({ pid }) => {
      const status = statusOf(pid);
      for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) {
        assert.equal(status.get(set), NO_CAPABILITY, set);
      }
      assert.deepEqual([status.get('NoNewPrivs'), status.get('Seccomp')], ['1', '2']);
      assert.equal(new Set(status.get('Uid')?.split('\t')).size, 1);
      return status.get('Uid')?.split('\t')[0];
    });
    assert.equal(new Set(uids).size, 2);
    assert.ok(uids.every((uid) => vms.isVmmUid(Number(uid))));
    assert.equal(await vms.inGuest('one', 'hostname'), 'one\n');
    assert.match(await vms.inGuest('two', 'ip addr show eth0'), /172\.30\.0\.3\/16/);
  });

  test('with nat the outside is reached, as the host, and without it is not', async () => {
    assert.equal((await vms.inGuest('one', page(OUTSIDE))).trim(), UPLINK);
    assert.equal(await vms.guestCan('two', page(OUTSIDE)), false);
  });

  test('names lead to guests, asked from the host and from a guest', async () => {
    const ask = ['@127.0.0.1', '-p', '42069', '+short'];
    assert.equal(await vms.run('dig', ...ask, 'one.vm'), '172.30.0.2\n');
    assert.match(await vms.inGuest('two', 'nslookup two.vm'), /172\.30\.0\.3/);
    assert.equal(await vms.guestCan('two', 'nslookup nobody.vm'), false);
  });

  test("a guest reaches neither another guest nor the host's own services", async () => {
    const server = await vms.listenOnHost(8080);
    try {
      assert.equal(await vms.run('curl', '-s', 'http://172.30.0.1:8080/'), 'the host');
      assert.equal(await vms.guestCan('one', page('172.30.0.1', '', 8080)), false);
      await vms.inGuest('two', 'httpd -p 80 -h /etc');
      assert.equal(await vms.guestCan('two', page('172.30.0.3', 'hostname')), true);
      assert.equal(await vms.guestCan('one', page('172.30.0.3', 'hostname')), false);
      assert.equal(await vms.guestCan('one', 'ping -c 1 -W 2 172.30.0.3'), false);
    } finally {
      await server.close();
    }
  });

  test('a published port answers 200 connections at once, and is refused to another', async () => {
    await vms.inGuest('one', 'httpd -p 80 -h /etc');
    const answers = await fetchAtOnce(vms, CONNECTIONS, `http://127.0.0.1:${port}/hostname`);
    assert.deepEqual(answers, { 'one\n': CONNECTIONS });
    await vms.must('vm', 'delete', 'two');
    const { code, stderr } = await vms.banger(
      ...['vm', 'create', '--name', 'rival', '--image', 'busybox', '--memory', '128M'],
      ...['-p', `${port}:80`],
    );
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(`tcp port ${port} .* is taken by vm "one"`));
    await vms.banger('vm', 'delete', 'rival');
  });

  test('a large download comes through a published port, and vmd keeps none of it', async (t) => {
    const peakMib = () => {
      const [pid = 0] = vms.pidsOf('vmd');
      return Number.parseInt(statusOf(pid).get('VmHWM') ?? '', 10) / 1024;
    };
    const before = peakMib();
    const send = `dd if=/dev/zero bs=64k count=${DOWNLOAD / 65_536} 2>/dev/null | nc -l -p 81`;
    const sending = vms.inGuest('one', send);
    await vms.inGuest('one', 'until netstat -ltn | grep -q ":81 "; do sleep 0.1; done');
    const startMs = performance.now();
    assert.equal(await countBytes(vms, bulkPort), DOWNLOAD);
    const seconds = (performance.now() - startMs) / 1000;
    t.diagnostic(`${(DOWNLOAD / MIB / seconds).toFixed(1)} MiB/s`);
    await sending;
    assert.ok(peakMib() - before < 64, `vmd grew from ${before} to ${peakMib()} MiB`);
  });

  test('a stop and a start keep address and port, and give a new boot', async () => {
    const first = await vms.show('one');
    await vms.must('vm', 'stop', 'one');
    await assert.rejects(vms.run('curl', '-s', `http://127.0.0.1:${port}/`));
    await vms.must('vm', 'start', 'one');
    const second = await vms.show('one');
    assert.notEqual(second.bootId, first.bootId);
    assert.deepEqual(
      [second.address, second.publishedPorts],
      [first.address, first.publishedPorts],
    );
    await vms.inGuest('one', 'httpd -p 80 -h /etc');
    assert.equal(await vms.run('curl', '-s', `http://127.0.0.1:${port}/hostname`), 'one\n');
    assert.equal((await vms.inGuest('one', page(OUTSIDE))).trim(), UPLINK);
  });

  test('an end of the machine is noticed, whoever ended it', async () => {
    await vms.inGuest('one', 'poweroff -f').catch(() => undefined);
    await vms.must('vm', 'wait', 'one', '--for', 'stopped');
    assert.match((await vms.show('one')).stateDetail, /powered off by the guest/);
    await vms.must('vm', 'start', 'one');
    signalProcess((await vms.show('one')).pid, 'SIGKILL');
    await vms.must('vm', 'wait', 'one', '--for', 'stopped');
    assert.match((await vms.show('one')).stateDetail, /without a word/);
  });

  for (const network of ['user', 'none']) {
    test(`beside them, a guest with network ${network} has a published port too`, async () => {
      const vm = await vms.create(network, '--network', network, '-p', '0:80');
      await vms.inGuest(network, 'httpd -p 80 -h /etc');
      const url = `http://127.0.0.1:${vm.publishedPorts[0]?.hostPort}/hostname`;
      assert.equal(await vms.run('curl', '-s', url), `${network}\n`);
      await vms.must('vm', 'delete', network);
      await assert.rejects(vms.run('curl', '-s', url));
    });
  }

  test('a deleted machine leaves nothing', async () => {
    await vms.must('vm', 'start', 'one');
    assert.notDeepEqual(await vms.leftovers(), []);
    await vms.must('vm', 'delete', 'one');
    assert.deepEqual(await vms.leftovers(), []);
  });
});
