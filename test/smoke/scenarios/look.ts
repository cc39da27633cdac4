import assert from 'node:assert/strict';
import { VERSION } from '#kit/program.ts';
import { create, RUN, show, type Vm } from '../machine.ts';
import { pure, type Scenario } from '../scenario.ts';

const MIB = 2 ** 20;

export const lookScenarios: readonly Scenario[] = [
  pure('stats', 'stats tells what a machine uses, here and inside', async (smoke) => {
    const { name: vm } = await create(smoke);
    type Stats = Record<'hostMemoryBytes' | 'hostCpuMs' | 'guestMemoryTotalBytes', number>;
    const [stats] = await smoke.json<Stats[]>('vm', 'stats', vm);
    assert.ok(stats !== undefined && stats.hostCpuMs > 0 && stats.hostMemoryBytes > 32 * MIB);
    assert.ok(stats.guestMemoryTotalBytes > 64 * MIB && stats.guestMemoryTotalBytes <= 128 * MIB);
    await smoke.ok('vm', 'stop', vm);
    await smoke.refused(/not running/, 'vm', 'stats', vm);
  }),

  pure('logs_follow', 'logs shows the console and, with -f, what is added to it', async (smoke) => {
    const { name: vm } = await create(smoke);
    await smoke.guest(vm, 'echo first line > /dev/console');
    await smoke.until('it is there', async () =>
      (await smoke.ok('vm', 'logs', vm)).includes('first line'),
    );
    const following = smoke.start(['vm', 'logs', vm, '-f']);
    await smoke.until('the first line is followed', () => following.said().includes('first line'));
    await smoke.guest(vm, 'echo second line > /dev/console');
    await smoke.until('the second one is', () => following.said().includes('second line'));
    following.child.kill('SIGINT');
    assert.equal((await following.ended).code, 0);
    const last = await smoke.ok('vm', 'logs', vm, '-n', '1');
    assert.equal(last.trim(), 'second line');
  }),

  pure('json_fields', '--json, --format and -q print the same facts, errors too', async (smoke) => {
    const made = await create(smoke, '--no-start');
    const listed = (await smoke.json<Vm[]>('vm', 'list')).find(({ name }) => name === made.name);
    assert.deepEqual(listed, await show(smoke, made.id));
    const line = await smoke.ok('vm', 'show', made.name, '--format', 'name,id,spec.memoryMib');
    assert.equal(line, `${made.name}\t${made.id}\t128\n`);
    assert.ok((await smoke.ok('vm', 'list', '-q')).split('\n').includes(made.id));
    const { stdout, stderr } = await smoke.refused(/./, 'vm', 'show', 'nobody', '--json');
    assert.equal(stdout, '');
    assert.equal(JSON.parse(stderr).error.reason, 'VM_NOT_FOUND');
    const wrong = await smoke.refused(/there are: id, name/, 'vm', 'list', '--format', 'nonsense');
    assert.equal(wrong.code, 2);
  }),

  pure(
    'doctor',
    'doctor has a row for each need and says that this host is ready',
    async (smoke) => {
      const checks =
        await smoke.json<{ service: string; status: string; detail: string }[]>('doctor');
      const services = new Set(checks.map(({ service }) => service));
      assert.deepEqual([...services].sort(), ['imaged', 'netd', 'vmd']);
      assert.deepEqual(
        checks.filter(({ status }) => status === 'fail'),
        [],
      );
      assert.match(await smoke.ok('doctor'), /this host is ready/);
    },
  ),

  pure('no_services', 'version, help and completion start no service', async (smoke) => {
    const user = smoke.openUser();
    const version = await user.banger('version', '--json');
    assert.equal(JSON.parse(version.stdout).version, VERSION);
    assert.equal((await user.banger('--version')).stdout, `${VERSION}\n`);
    assert.match((await user.banger('vm', 'run', '--help')).stdout, /^Usage: banger vm run/);
    assert.match((await user.banger('completion', 'bash')).stdout, /_banger/);
    for (const service of ['vmd', 'imaged', 'netd']) assert.deepEqual(user.pidsOf(service), []);
  }),

  pure('wrong_words', 'wrong words end with status 2 and say what was meant', async (smoke) => {
    for (const [why, ...words] of [
      [/did you mean "banger vm list"/, 'vm', 'lsit'],
      [/unknown option '--nope'/, 'vm', 'list', '--nope'],
      [/missing required argument/, 'vm', 'show'],
      [/vm run/, 'vm', 'run', '--wait', 'never'],
    ] as const) {
      assert.equal((await smoke.refused(why, ...words)).code, 2, words.join(' '));
    }
    await smoke.refused(/no vm "missing"/, 'vm', 'stop', 'missing');
  }),

  pure('bad_config', 'a configuration that cannot be is named by file and word', async (smoke) => {
    const user = smoke.openUser({ config: '[vmd]\nnonsense = 3\n' });
    const { code, stderr } = await user.banger('vm', 'list');
    assert.equal(code, 1);
    assert.match(stderr, /nonsense/);
    assert.match((await user.banger('config', 'show')).stdout, /nonsense = 3/);
  }),

  pure(
    'complete_names',
    'completion knows the names of machines and their states',
    async (smoke) => {
      const { name } = await create(smoke, '--no-start');
      const words = ['complete', '--', 'vm', 'start', name.slice(0, -1)];
      // Completion would rather be quick than right: on a busy machine it may say nothing.
      await smoke.until(
        'it is known',
        async () => (await smoke.ok(...words)) === `${name}\tstopped\n`,
      );
    },
  ),

  pure(
    'timing',
    '--timing shows the stages of a boot; standard output stays the command’s',
    async (smoke) => {
      const words = [...RUN, '--name', smoke.vm, '--rm', '--timing', '--', 'echo', 'only this'];
      const { code, stdout, stderr } = await smoke.banger(...words);
      assert.deepEqual([code, stdout], [0, 'only this\n']);
      assert.match(stderr, /disks[\s\S]*boot/);
    },
  ),
];
