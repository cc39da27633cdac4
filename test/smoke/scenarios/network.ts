import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { assertGone, create, show } from '../machine.ts';
import { pure, type Scenario } from '../scenario.ts';
import type { Smoke } from '../smoke.ts';

/** Gives the guest a web server and answers when it listens. */
async function serve(smoke: Smoke, vm: string, page: string): Promise<void> {
  await smoke.guest(vm, `mkdir -p /srv/www; echo ${page} > /srv/www/index.html; httpd -h /srv/www`);
}

async function fetchText(address: string): Promise<string> {
  return (await fetch(`http://${address}/`, { signal: AbortSignal.timeout(30_000) })).text();
}

/** What the guest gets from a server on the loopback of this host, which user mode shows as 10.0.2.2. */
async function fetchFromHost(smoke: Smoke, vm: string, port: number): Promise<string> {
  const script = `nc -w 5 10.0.2.2 ${port} </dev/null || echo unreachable`;
  return (await smoke.guest(vm, script)).trim();
}

async function listen(smoke: Smoke): Promise<number> {
  const server = createServer((socket) => void socket.end('from the host\n'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  smoke.after(() => void server.close());
  return (server.address() as AddressInfo).port;
}

export const networkScenarios: readonly Scenario[] = [
  pure(
    'no_network',
    'without a network card there are commands, copies and published ports',
    async (smoke) => {
      const { name: vm } = await create(smoke, '--network', 'none', '--publish', '0:80');
      const cards = await smoke.guest(vm, 'ls /sys/class/net');
      assert.doesNotMatch(cards, /eth|ens/);
      await smoke.ok('vm', 'cp', smoke.write('note', 'copied\n'), `${vm}:/root/note`);
      assert.equal(await smoke.guest(vm, 'cat /root/note'), 'copied\n');
      await serve(smoke, vm, 'reached');
      const [port] = (await show(smoke, vm)).publishedPorts;
      assert.equal(await fetchText(`127.0.0.1:${port?.hostPort}`), 'reached\n');
    },
  ),

  pure(
    'published_port',
    'a published port is reached from here, again after a restart',
    async (smoke) => {
      const { name: vm } = await create(smoke, '--network', 'user', '-p', '0:80');
      const address = async () => {
        const [port] = (await show(smoke, vm)).publishedPorts;
        return `127.0.0.1:${port?.hostPort}`;
      };
      await serve(smoke, vm, 'first');
      const before = await address();
      assert.equal(await fetchText(before), 'first\n');
      await smoke.ok('vm', 'restart', vm);
      await serve(smoke, vm, 'second');
      assert.equal(await address(), before);
      assert.equal(await fetchText(before), 'second\n');
      await smoke.ok('vm', 'stop', vm);
      await assert.rejects(fetchText(before));
    },
  ),

  pure(
    'vm_ports',
    'ports shows who listens and where it is reached; publish and unpublish change it',
    async (smoke) => {
      const { name: vm } = await create(smoke);
      await serve(smoke, vm, 'page');
      const ports = () =>
        smoke.json<{ port: number; process: string; published: string }[]>('vm', 'ports', vm);
      assert.deepEqual(
        (await ports()).map(({ port, process, published }) => [port, process, published]),
        [[80, 'httpd', '']],
      );
      const address = (await smoke.ok('vm', 'publish', vm, '0:80', '-q')).trim();
      assert.deepEqual(
        (await ports()).map(({ published }) => published),
        [address],
      );
      assert.equal(await fetchText(address), 'page\n');
      const port = address.split(':')[1];
      await smoke.ok('vm', 'unpublish', vm, `${port}:80`);
      await assert.rejects(fetchText(address));
    },
  ),

  pure(
    'port_taken',
    'a port that is taken is an error that names it, and no machine is made',
    async (smoke) => {
      const port = await listen(smoke);
      const words = ['vm', 'create', '--name', smoke.vm, '--image', 'busybox', '-p', `${port}:80`];
      const taken = new RegExp(`port ${port} on 127.0.0.1 is taken by another program`);
      await smoke.refused(taken, ...words, '--memory', '128M');
      await assertGone(smoke, smoke.vm);
    },
  ),

  pure(
    'nat',
    'the way out of a user-mode guest, asked for later too, does not lead to the host',
    async (smoke) => {
      const port = await listen(smoke);
      const { name: vm } = await create(smoke, '--network', 'user');
      assert.equal(await fetchFromHost(smoke, vm, port), 'unreachable');
      await smoke.ok('vm', 'stop', vm);
      await smoke.ok('vm', 'set', vm, '--nat');
      await smoke.ok('vm', 'start', vm);
      assert.equal((await show(smoke, vm)).spec.nat, true);
      assert.equal(await fetchFromHost(smoke, vm, port), 'unreachable');
    },
  ),

  pure(
    'net_status',
    'net status knows the lease of a machine and finds nothing wrong',
    async (smoke) => {
      const { id, name } = await create(smoke, '--network', 'user');
      type Status = { disagreements: unknown[]; leases: { vmId: string; attached: boolean }[] };
      const leases = async () => (await smoke.json<Status>('net', 'status')).leases;
      assert.equal((await leases()).find(({ vmId }) => vmId === id)?.attached, true);
      await smoke.ok('vm', 'delete', name);
      assert.equal(
        (await leases()).find(({ vmId }) => vmId === id),
        undefined,
      );
    },
  ),
];
