import assert from 'node:assert/strict';
import { assertGone, create, createNamed, names, show, stateOf } from '../machine.ts';
import { pure, type Scenario } from '../scenario.ts';

export const lifeScenarios: readonly Scenario[] = [
  pure(
    'vm_lifecycle',
    'create, use, stop, start, use, delete; what was written stays',
    async (smoke) => {
      const { name: vm, bootId } = await create(smoke);
      await smoke.guest(vm, 'echo work > /root/work; echo system > /etc/system');
      await smoke.ok('vm', 'stop', vm);
      assert.equal(await stateOf(smoke, vm), 'stopped');
      await smoke.refused(/not running.*banger vm start/, 'vm', 'exec', vm, '--', 'true');
      await smoke.ok('vm', 'start', vm);
      assert.equal(await smoke.guest(vm, 'cat /root/work /etc/system'), 'work\nsystem\n');
      assert.notEqual((await show(smoke, vm)).bootId, bootId);
      await smoke.ok('vm', 'delete', vm);
      await assertGone(smoke, vm);
    },
  ),

  pure('vm_restart', 'a restart is another boot of the same disks', async (smoke) => {
    const { name: vm } = await create(smoke);
    const bootId = () => smoke.guest(vm, 'cat /proc/sys/kernel/random/boot_id');
    await smoke.guest(vm, 'echo here > /root/mark');
    const before = await bootId();
    await smoke.ok('vm', 'restart', vm);
    assert.notEqual(await bootId(), before);
    assert.equal(await smoke.guest(vm, 'cat /root/mark'), 'here\n');
  }),

  pure('vm_kill', 'kill ends a machine without asking it; it starts again', async (smoke) => {
    const { name: vm, pid } = await create(smoke);
    assert.ok(pid > 0);
    await smoke.ok('vm', 'kill', vm, '--signal', 'KILL');
    const killed = await show(smoke, vm);
    assert.deepEqual(
      [killed.state, killed.stateDetail, killed.pid],
      ['stopped', 'killed by KILL', 0],
    );
    assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
    await smoke.ok('vm', 'start', vm);
    assert.equal(await stateOf(smoke, vm), 'running');
  }),

  pure(
    'pause_resume',
    'a paused guest does nothing, and goes on when it is resumed',
    async (smoke) => {
      const { name: vm } = await create(smoke);
      await smoke.ok('vm', 'pause', vm);
      assert.equal(await stateOf(smoke, vm), 'paused');
      await smoke.refused(/paused.*banger vm resume/, 'vm', 'exec', vm, '--', 'true');
      await smoke.ok('vm', 'resume', vm);
      assert.equal(await smoke.guest(vm, 'echo awake'), 'awake\n');
    },
  ),

  pure('guest_reboot', 'a reboot from inside boots the machine again', async (smoke) => {
    const { name: vm, bootId } = await create(smoke);
    await smoke.guest(vm, 'echo here > /root/mark; sync');
    await smoke.banger('vm', 'exec', vm, '--', 'reboot');
    await smoke.until('it has booted again', async () => {
      const now = await show(smoke, vm);
      return now.state === 'running' && now.bootId !== bootId;
    });
    assert.equal(await smoke.guest(vm, 'cat /root/mark'), 'here\n');
  }),

  pure('guest_poweroff', 'a power-off from inside is a stop that says so', async (smoke) => {
    const { name: vm } = await create(smoke);
    await smoke.banger('vm', 'exec', vm, '--', 'poweroff');
    await smoke.ok('vm', 'wait', vm, '--for', 'stopped');
    assert.equal((await show(smoke, vm)).stateDetail, 'powered off by the guest');
  }),

  pure('guest_panic', 'a panic of the kernel is a stop that says so', async (smoke) => {
    const { name: vm } = await create(smoke);
    await smoke.banger('vm', 'exec', vm, '--', 'sh', '-c', 'echo c > /proc/sysrq-trigger');
    await smoke.ok('vm', 'wait', vm, '--for', 'stopped');
    assert.match((await show(smoke, vm)).stateDetail, /panicked/);
    assert.match(await smoke.ok('vm', 'logs', vm), /sysrq.*crash|Kernel panic/i);
  }),

  pure('vm_wait', 'wait answers when it is so, and gives up when told to', async (smoke) => {
    const { name: vm } = await create(smoke);
    await smoke.ok('vm', 'wait', vm);
    await smoke.refused(/./, 'vm', 'wait', vm, '--for', 'stopped', '--timeout', '200ms');
    const stopped = smoke.ok('vm', 'wait', vm, '--for', 'stopped');
    const deleted = smoke.ok('vm', 'wait', vm, '--for', 'deleted');
    await smoke.ok('vm', 'stop', vm);
    await stopped;
    await smoke.ok('vm', 'delete', vm);
    await deleted;
  }),

  pure('name_reuse', 'a name is free again as soon as its machine is deleted', async (smoke) => {
    const first = await create(smoke);
    await smoke.guest(first.name, 'echo old > /root/mark');
    await smoke.refused(
      /already|exists/,
      'vm',
      'create',
      '--name',
      first.name,
      '--image',
      'busybox',
    );
    await smoke.ok('vm', 'delete', first.name);
    const second = await create(smoke);
    assert.notEqual(second.id, first.id);
    await smoke.guest(second.name, 'test ! -e /root/mark');
  }),

  pure('no_start', 'create --no-start makes everything and boots nothing', async (smoke) => {
    const made = await create(smoke, '--no-start');
    assert.deepEqual([made.state, made.pid], ['stopped', 0]);
    await smoke.ok('vm', 'start', made.name);
    assert.equal(await smoke.guest(made.name, 'hostname'), `${made.name}\n`);
  }),

  pure(
    'many_targets',
    'a verb acts on all that are named, also when one is not there',
    async (smoke) => {
      const both = ['one', 'two'].map((name) => smoke.vmNamed(name));
      for (const name of both) await createNamed(smoke, name, '--no-start');
      const { code } = await smoke.refused(/no vm "nowhere"/, 'vm', 'delete', ...both, 'nowhere');
      assert.equal(code, 1);
      await assertGone(smoke, ...both);
    },
  ),

  pure('create_timeout', 'a create that takes longer than --timeout is undone', async (smoke) => {
    const words = ['vm', 'create', '--name', smoke.vm, '--image', 'busybox', '--timeout', '50ms'];
    await smoke.refused(/./, ...words);
    await smoke.until('it is gone', async () => !(await names(smoke)).includes(smoke.vm));
  }),
];
