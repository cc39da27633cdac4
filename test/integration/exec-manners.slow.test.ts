import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { until } from '#kit/testing/until.ts';
import { endOfChild, openCommandLine } from './command-line.ts';
import { outputOf } from './guest-command.ts';
import { given } from './long-verb.ts';
import { needsTerminal, needsVms } from './needs.ts';
import { openTerminal, type TerminalOptions } from './terminal.ts';
import { openVmHouse } from './vm-house.ts';

const MIB = 2 ** 20;
/** Busybox's head takes a byte at a time, so more would only try patience. */
const ENOUGH = 24 * MIB;

// How a command in a guest behaves in pipes and terminals, as a careful user expects. One guest for all of it.
test('commands in a guest have manners', { skip: needsVms || needsTerminal }, async (t) => {
  const opened = await openVmHouse(t);
  const { home, env, command, start, run } = openCommandLine(opened);
  await opened.create({ name: 'web' });
  const exec = [...command, 'vm', 'exec', 'web', '--'];
  const runs = async (program: string) =>
    (await outputOf(opened.vms, 'web', 'ps', '-o', 'args')).split('\n').includes(program);
  /** A line of bash, in which "$@" is what runs a command in the guest. */
  const bash = (line: string) =>
    endOfChild(spawn('bash', ['-c', line, 'bash', ...exec], { cwd: home, env }));
  const terminal = (words: readonly string[], options: Partial<TerminalOptions> = {}) =>
    openTerminal(words, { env: { ...env, TERM: 'xterm' }, ...options });

  await t.test(
    'a stream without end goes in until nobody reads it, and all of it comes out',
    async () => {
      const expected = execFileSync('bash', ['-c', `yes | head -c ${ENOUGH} | sha256sum`], {
        encoding: 'utf8',
      });
      const line = `yes | "$@" head -c ${ENOUGH} | sha256sum; echo "\${PIPESTATUS[@]}"`;
      const { stdout, stderr } = await bash(line);
      // 141 is what a closed pipe makes of yes; banger says nothing of it.
      assert.deepEqual([stdout, stderr], [`${expected}141 0 0\n`, '']);
    },
  );

  await t.test('a file goes through as it is', async () => {
    const big = randomBytes(16 * MIB);
    writeFileSync(join(home, 'big'), big);
    const { code, stdout } = await bash('"$@" cat < big | sha256sum');
    assert.deepEqual([code, stdout], [0, `${createHash('sha256').update(big).digest('hex')}  -\n`]);
  });

  await t.test(
    'a signal ends the command, and its status is the one of a command here',
    async () => {
      for (const [signal, status] of [
        ['SIGINT', 130],
        ['SIGTERM', 143],
        ['SIGHUP', 129],
      ] as const) {
        const child = start('vm', 'exec', 'web', '--', 'sleep', '100');
        const ended = endOfChild(child);
        await until(() => runs('sleep 100'));
        child.kill(signal);
        assert.deepEqual(await ended, { code: status, stdout: '', stderr: '' });
        assert.equal(await runs('sleep 100'), false, signal);
      }
    },
  );

  await t.test('who has read enough ends the command, and says nothing', async () => {
    const { stdout, stderr } = await bash('"$@" yes | head -1; echo "$PIPESTATUS"');
    assert.deepEqual([stdout, stderr], ['y\n141\n', '']);
    await until(async () => !(await runs('yes')));
  });

  await t.test('an output that cannot be written ends the command and is told', async () => {
    const { code, stderr } = await bash('"$@" yes > /dev/full');
    assert.equal(stderr, 'banger: what it prints cannot be written: no space left on device\n');
    assert.equal(code, 1);
    await until(async () => !(await runs('yes')));
  });

  await t.test('without an input, an output or a home a command runs all the same', async () => {
    assert.equal((await bash('"$@" cat <&-')).code, 0);
    assert.equal((await bash('"$@" echo unheard >&-')).code, 0);
    assert.equal((await bash('env -u HOME "$@" echo homeless')).stdout, 'homeless\n');
  });

  await t.test(
    'a terminal gives its kind and size, follows the window, and takes Ctrl-C to the guest',
    async () => {
      const script = 'trap "stty size" WINCH; echo $TERM; stty size; while :; do sleep 0.1; done';
      const shell = terminal([...exec, 'sh', '-c', script], { rows: 33, columns: 77 });
      await until(() => shell.shown().includes('xterm\r\n33 77'));
      shell.resize();
      await until(() => shell.shown().includes('50 132'));
      shell.type('\x03');
      assert.equal(await shell.ended, 130);
    },
  );

  await t.test(
    'a terminal without a size is taken for a usual one, and is left as it was',
    async () => {
      const line = '"$@" stty size; stty -a; "$@" sh -c "kill -9 \\$\\$"; echo $?; stty -a';
      const shell = terminal(['bash', '-c', line, 'bash', ...exec], { rows: 0, columns: 0 });
      assert.equal(await shell.ended, 0);
      assert.match(shell.shown(), /^24 80\r\n[\s\S]*\n137\r\n/);
      assert.equal(shell.shown().match(/ icanon /g)?.length, 2);
    },
  );

  await t.test('Ctrl-C ends the wait for a service that says nothing', async () => {
    const vmd = given(opened.running.get('vmd'));
    vmd.signal('SIGSTOP');
    const shell = terminal([...command, 'vm', 'shell', 'web']);
    await until(() => shell.shown().includes('says nothing; waiting for it (Ctrl-C ends that'));
    shell.type('\x03');
    const code = await shell.ended;
    vmd.signal('SIGCONT');
    assert.equal(code, 130);
  });

  await t.test('what a program draws is shown to the byte', async () => {
    const drawn = 'down\\nand \\033[1mup\\r\\n';
    const shell = terminal([...exec, 'sh', '-c', `stty raw; printf '${drawn}'`]);
    assert.equal(await shell.ended, 0);
    assert.equal(shell.shown(), 'down\nand \x1b[1mup\r\n');
  });

  await t.test('colour is for terminals that have it and people who want it', async () => {
    const list = async (change: Record<string, string>) => {
      const shell = terminal([...command, 'vm', 'list'], {
        env: { ...env, TERM: 'xterm', ...change },
      });
      assert.equal(await shell.ended, 0);
      assert.match(shell.shown(), /ID .*NAME/);
      return shell.shown().includes('\x1b');
    };
    assert.equal(await list({}), true);
    assert.equal(await list({ NO_COLOR: '1' }), false);
    assert.equal(await list({ TERM: 'dumb' }), false);
  });

  await t.test(
    'a closed terminal ends the command in the guest, and --rm deletes the machine',
    async () => {
      const shell = terminal([...exec, 'sleep', '200']);
      await until(() => runs('sleep 200'));
      shell.close();
      assert.equal(await shell.ended, 129);
      await until(async () => !(await runs('sleep 200')));
      const created = ['vm', 'run', '--image', 'busybox', '--memory', '128M', '--network', 'none'];
      const words = [
        ...created,
        '--name',
        'brief',
        '--rm',
        '--',
        'sh',
        '-c',
        'echo begun; sleep 300',
      ];
      const brief = terminal([...command, ...words]);
      await until(() => brief.shown().includes('begun\r\n'));
      brief.close();
      await brief.ended;
      await until(async () => (await run('vm', 'list', '--format', 'name')).stdout === 'web\n');
    },
  );
});
