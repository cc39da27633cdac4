import assert from 'node:assert/strict';
import { once } from 'node:events';
import { assertGone, names, RUN, stateOf } from '../machine.ts';
import { pure, type Scenario } from '../scenario.ts';

export const runScenarios: readonly Scenario[] = [
  pure(
    'bare_run',
    'vm run --rm prints what the command prints and leaves no machine',
    async (smoke) => {
      const { vm } = smoke;
      const printed = await smoke.ok(
        ...RUN,
        '--name',
        vm,
        '--rm',
        '--',
        'echo',
        'hello from inside',
      );
      assert.equal(printed, 'hello from inside\n');
      await assertGone(smoke, vm);
    },
  ),

  pure('exit_code', 'the status of the command is the status of vm run', async (smoke) => {
    const words = [...RUN, '--name', smoke.vm, '--rm', '--', 'sh', '-c'];
    const { code, stderr } = await smoke.banger(...words, 'echo said >&2; exit 42');
    assert.deepEqual([code, stderr], [42, 'said\n']);
  }),

  pure('concurrent_run', 'two runs at once do not meet', async (smoke) => {
    const both = ['one', 'two'].map((name) => smoke.vmNamed(name));
    const printed = await Promise.all(
      both.map((name) => smoke.ok(...RUN, '--name', name, '--rm', '--', 'hostname')),
    );
    assert.deepEqual(
      printed,
      both.map((name) => `${name}\n`),
    );
    await assertGone(smoke, ...both);
  }),

  pure(
    'detach_run',
    'vm run -d boots and leaves; with --rm or a command it is refused',
    async (smoke) => {
      const { vm } = smoke;
      const words = [...RUN, '--name', vm, '-d'];
      await smoke.refused(/--rm/, ...words, '--rm');
      await smoke.refused(/command/, ...words, '--', 'true');
      await assertGone(smoke, vm);
      assert.equal(await smoke.ok(...words), `${vm}\n`);
      assert.equal(await stateOf(smoke, vm), 'running');
      assert.equal(await smoke.guest(vm, 'hostname'), `${vm}\n`);
    },
  ),

  pure(
    'run_keeps',
    'without --rm the machine stays, with what was written in it',
    async (smoke) => {
      const { vm } = smoke;
      await smoke.ok(...RUN, '--name', vm, '--', 'sh', '-c', 'echo kept > note');
      assert.equal(await smoke.guest(vm, 'cat note'), 'kept\n');
    },
  ),

  pure(
    'rm_after_failure',
    '--rm deletes after a command that failed or is not there',
    async (smoke) => {
      const { vm } = smoke;
      const words = [...RUN, '--name', vm, '--rm', '--'];
      assert.equal((await smoke.banger(...words, 'false')).code, 1);
      await assertGone(smoke, vm);
      const missing = await smoke.refused(/no-such-command/, ...words, 'no-such-command');
      assert.equal(missing.code, 127);
      await assertGone(smoke, vm);
    },
  ),

  pure('run_signals', 'a signal to vm run reaches the command, which answers it', async (smoke) => {
    const { vm } = smoke;
    const script = 'trap "echo heard; exit 9" TERM; echo ready; while :; do sleep 0.1; done';
    const running = smoke.start([...RUN, '--name', vm, '--rm', '--', 'sh', '-c', script]);
    await smoke.until('it is ready', () => running.said().includes('ready'));
    running.child.kill('SIGTERM');
    const { code, stdout } = await running.ended;
    assert.deepEqual([code, stdout], [9, 'ready\nheard\n']);
    await assertGone(smoke, vm);
  }),

  pure('run_interrupted', 'Ctrl-C while a machine boots leaves nothing', async (smoke) => {
    const { vm } = smoke;
    const running = smoke.start([...RUN, '--name', vm, '--', 'true']);
    await smoke.until('it is being made', async () => (await names(smoke)).includes(vm));
    running.child.kill('SIGINT');
    assert.equal((await running.ended).code, 130);
    await smoke.until('it is gone', async () => !(await names(smoke)).includes(vm));
  }),

  pure(
    'run_pipe_closed',
    'a reader that has enough ends the command, and --rm deletes',
    async (smoke) => {
      const { vm } = smoke;
      const { child } = smoke.start([...RUN, '--name', vm, '--rm', '--', 'yes']);
      const ended = once(child, 'exit');
      await once(child.stdout, 'data');
      child.stdout.destroy();
      assert.deepEqual(await ended, [141, null]);
      await smoke.until('it is gone', async () => !(await names(smoke)).includes(vm));
    },
  ),

  pure('dry_run', 'vm run --dry-run says what would be made and makes nothing', async (smoke) => {
    const { vm } = smoke;
    const plan = await smoke.json<{ name: string; settings: { vcpus: number } }>(
      ...['vm', 'run', '--name', vm, '--vcpu', '2', '--dry-run'],
    );
    assert.deepEqual([plan.name, plan.settings.vcpus], [vm, 2]);
    await assertGone(smoke, vm);
  }),
];
