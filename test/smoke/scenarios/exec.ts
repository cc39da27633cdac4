import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { create } from '../machine.ts';
import { pure, type Scenario } from '../scenario.ts';

const MIB = 2 ** 20;

export const execScenarios: readonly Scenario[] = [
  pure('environment', '-e and --env-file set variables, later ones win', async (smoke) => {
    const { name: vm } = await create(smoke);
    const file = smoke.write('settings', '# a comment\nONE=from file\nTWO=from file\n');
    const words = ['vm', 'exec', vm, '--env-file', file, '-e', 'TWO=given', '-e', 'THREE', '--'];
    const { stdout } = await smoke.bangerWith(
      { env: { THREE: 'from here' } },
      ...[...words, 'sh', '-c', 'echo "$ONE, $TWO, $THREE"'],
    );
    assert.equal(stdout, 'from file, given, from here\n');
    await smoke.refused(/missing/, ...['vm', 'exec', vm, '--env-file', 'missing', '--', 'true']);
  }),

  pure('workdir_user', '-w is the folder, -u the user; unknown ones are refused', async (smoke) => {
    const { name: vm } = await create(smoke);
    await smoke.guest(vm, 'echo ann:x:1000:1000::/home/ann:/bin/sh >> /etc/passwd; mkdir /work');
    const exec = ['vm', 'exec', vm];
    assert.equal(await smoke.ok(...exec, '-w', '/work', '--', 'pwd'), '/work\n');
    assert.equal(await smoke.ok(...exec, '-u', 'ann', '--', 'id', '-u'), '1000\n');
    assert.equal(await smoke.ok(...exec, '-u', 'ann:0', '--', 'id', '-g'), '0\n');
    await smoke.refused(/nobody-here/, ...exec, '-u', 'nobody-here', '--', 'true');
    await smoke.refused(/no-folder/, ...exec, '-w', '/no-folder', '--', 'true');
  }),

  pure(
    'large_stdin',
    '16 MiB go through a command in the guest and come back the same',
    async (smoke) => {
      const { name: vm } = await create(smoke);
      const input = randomBytes(16 * MIB);
      const sum = createHash('sha256').update(input).digest('hex');
      const counted = await smoke.bangerWith({ input }, 'vm', 'exec', vm, '--', 'sha256sum');
      assert.equal(counted.stdout, `${sum}  -\n`);
      const text = input.toString('hex');
      const back = await smoke.bangerWith(
        { input: Buffer.from(text) },
        ...['vm', 'exec', vm, '--', 'cat'],
      );
      assert.ok(back.stdout === text, 'what came back is not what was sent');
    },
  ),

  pure(
    'exec_status',
    'the status of a command is told unchanged, a signal as 128 and its number',
    async (smoke) => {
      const { name: vm } = await create(smoke);
      const status = async (script: string) =>
        (await smoke.banger('vm', 'exec', vm, '--', 'sh', '-c', script)).code;
      assert.equal(await status('exit 0'), 0);
      assert.equal(await status('exit 1'), 1);
      assert.equal(await status('exit 255'), 255);
      assert.equal(await status('kill -KILL $$'), 137);
    },
  ),

  pure(
    'exec_at_once',
    'eight commands at once in one guest each have their own output',
    async (smoke) => {
      const { name: vm } = await create(smoke);
      const numbers = ['1', '2', '3', '4', '5', '6', '7', '8'];
      const printed = await Promise.all(
        numbers.map((number) => smoke.guest(vm, `sleep 0.2; echo ${number}`)),
      );
      assert.deepEqual(
        printed.map((text) => text.trim()),
        numbers,
      );
    },
  ),

  pure(
    'exec_arguments',
    'words reach the command as they are: blanks, quotes, empty ones, UTF-8',
    async (smoke) => {
      const { name: vm } = await create(smoke);
      const words = ['two words', `'"$HOME\\`, '', '*', 'grüße 日本', '--json', 'a\nb'];
      const script = 'for word; do printf "[%s]" "$word"; done';
      const printed = await smoke.ok('vm', 'exec', vm, '--', 'sh', '-c', script, 'sh', ...words);
      assert.equal(printed, words.map((word) => `[${word}]`).join(''));
    },
  ),
];
