import assert from 'node:assert/strict';
import type { ServiceName } from '#kit/paths.ts';
import { needsRoot } from '../../integration/needs.ts';
import { assertGone, create, createNamed, names, show, stateOf } from '../machine.ts';
import { global, type Scenario } from '../scenario.ts';
import type { Smoke } from '../smoke.ts';

type Service = { service: string; state: string; pid: number };

async function pidOf(smoke: Smoke, service: ServiceName): Promise<number> {
  const services = await smoke.json<Service[]>('daemon', 'status');
  return services.find((row) => row.service === service)?.pid ?? 0;
}

/** Kills one service and shows that the guest lives on, and that everything can be done afterwards. */
async function killService(smoke: Smoke, service: ServiceName): Promise<void> {
  const before = await create(smoke, '--network', 'user');
  await smoke.guest(before.name, 'echo alive > /run/mark');
  const pid = await pidOf(smoke, service);
  assert.deepEqual(smoke.user.pidsOf(service), [pid]);
  process.kill(pid, 'SIGKILL');
  await smoke.until(`${service} is gone`, () => smoke.user.pidsOf(service).length === 0);
  process.kill(before.pid, 0);
  const after = await show(smoke, before.name);
  assert.deepEqual([after.state, after.pid, after.bootId], ['running', before.pid, before.bootId]);
  // A command starts the service that it calls; what vmd alone calls is brought back by looking.
  assert.notEqual(await pidOf(smoke, service), pid);
  assert.equal(await smoke.guest(before.name, 'cat /run/mark'), 'alive\n');
  const second = await createNamed(smoke, smoke.vmNamed('after'));
  assert.equal(await smoke.guest(second.name, 'echo new'), 'new\n');
  await smoke.ok('vm', 'delete', before.name, second.name);
}

export const serviceScenarios: readonly Scenario[] = [
  ...(['vmd', 'imaged', 'netd'] as const).map((service) =>
    global(
      `kill_${service}`,
      `kill -9 of ${service}: its guest lives on, and all goes on`,
      (smoke) => killService(smoke, service),
    ),
  ),

  global('kill_all', 'kill -9 of all services at once: the guest lives on', async (smoke) => {
    const before = await create(smoke);
    const services = ['vmd', 'imaged', 'netd'];
    for (const pid of services.flatMap((name) => smoke.user.pidsOf(name))) {
      process.kill(pid, 'SIGKILL');
    }
    assert.equal(
      await smoke.guest(before.name, 'cat /proc/sys/kernel/random/boot_id'),
      `${before.bootId}\n`,
    );
  }),

  global(
    'kill_vmm',
    'a machine whose process was killed is stopped, says so, and starts again',
    async (smoke) => {
      const { name: vm, pid } = await create(smoke);
      process.kill(pid, 'SIGKILL');
      await smoke.ok('vm', 'wait', vm, '--for', 'stopped');
      assert.match((await show(smoke, vm)).stateDetail, /without a word/);
      await smoke.ok('vm', 'start', vm);
      assert.equal(await smoke.guest(vm, 'echo back'), 'back\n');
    },
  ),

  global(
    'daemon_admin',
    'services are shown, stopped and started; guests do not notice',
    async (smoke) => {
      const before = await create(smoke);
      const status = await smoke.json<Service[]>('daemon', 'status');
      assert.deepEqual(
        status.map(({ service, state }) => [service, state]),
        ['vmd', 'imaged', 'netd'].map((service) => [service, 'healthy']),
      );
      await smoke.ok('daemon', 'stop');
      for (const { service } of status) assert.deepEqual(smoke.user.pidsOf(service), []);
      assert.match(await smoke.ok('daemon', 'logs', 'vmd'), /service stopped/);
      await smoke.ok('daemon', 'start');
      for (const { service } of status) assert.equal(smoke.user.pidsOf(service).length, 1);
      assert.equal((await show(smoke, before.name)).bootId, before.bootId);
      assert.equal(await smoke.guest(before.name, 'echo here'), 'here\n');
    },
  ),

  global(
    'host_restart',
    'after a restart of the host, what has --autostart runs again and all else is stopped',
    async (smoke) => {
      const started = await createNamed(smoke, smoke.vmNamed('started'), '--autostart');
      const other = await createNamed(smoke, smoke.vmNamed('other'));
      await smoke.guest(started.name, 'echo here > /root/mark; sync');
      await smoke.restartHost();
      assert.equal((await show(smoke, other.name)).stateDetail, 'the host was restarted');
      await smoke.until('it runs', async () => (await stateOf(smoke, started.name)) === 'running');
      assert.equal(await smoke.guest(started.name, 'cat /root/mark'), 'here\n');
      assert.equal(await stateOf(smoke, other.name), 'stopped');
      await smoke.ok('vm', 'start', other.name);
    },
    needsRoot,
  ),

  global(
    'vm_prune',
    'prune deletes what is stopped and keeps what runs; it asks first',
    async (smoke) => {
      const running = await createNamed(smoke, smoke.vmNamed('running'));
      const stopped = await createNamed(smoke, smoke.vmNamed('stopped'), '--no-start');
      await smoke.refused(/-f|--force/, 'vm', 'prune');
      assert.match(await smoke.ok('vm', 'prune', '--dry-run'), new RegExp(stopped.name));
      assert.ok((await names(smoke)).includes(stopped.name));
      await smoke.ok('vm', 'prune', '-f');
      await assertGone(smoke, stopped.name);
      assert.ok((await names(smoke)).includes(running.name));
      assert.equal(await smoke.guest(running.name, 'echo here'), 'here\n');
    },
  ),

  global(
    'nothing_left',
    'after all others there is no machine, lease or address of one',
    async (smoke) => {
      assert.equal(await smoke.ok('vm', 'list', '-q'), '');
      const { leases } = await smoke.json<{ leases: unknown[] }>('net', 'status');
      assert.deepEqual(leases, []);
      await smoke.ok('image', 'delete', 'busybox');
      assert.equal(await smoke.ok('image', 'list', '-q'), '');
    },
  ),
];
