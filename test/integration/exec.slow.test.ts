import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '#kit/testing/until.ts';
import { attach, converse, outputOf, runInGuest } from './guest-command.ts';
import { given } from './long-verb.ts';
import { needsVms } from './needs.ts';
import { openVmHouse } from './vm-house.ts';

// One guest for all of these: what one command does must not matter to the next.
test('commands in a guest', { skip: needsVms }, async (t) => {
  const { vms, create, running, start } = await openVmHouse(t);
  const vm = 'web';
  await create({ name: vm });
  const sh = (script: string) => runInGuest(vms, vm, ['sh', '-c', script]);

  await t.test('a status is passed on as it is, and so is a signal', async () => {
    for (const status of [0, 1, 42, 255]) {
      assert.equal((await sh(`exit ${status}`)).status, status);
    }
    assert.equal((await sh('kill -TERM $$')).signal, 15);
    assert.equal((await sh('kill -SEGV $$')).signal, 11);
  });

  await t.test('a command that is not there is 127, and a missing folder says so', async () => {
    const missing = await runInGuest(vms, vm, ['no-such-command']);
    assert.equal(missing.status, 127);
    assert.match(missing.stderr, /no-such-command/);
    const folder = await runInGuest(vms, vm, ['true'], { workingDir: '/no/such/folder' });
    assert.notEqual(folder.status, 0);
    assert.match(folder.stderr, /\/no\/such\/folder/);
  });

  await t.test('standard output and standard error stay apart', async () => {
    const { stdout, stderr } = await sh('echo out; echo err >&2');
    assert.deepEqual({ stdout, stderr }, { stdout: 'out\n', stderr: 'err\n' });
  });

  await t.test('fifty commands at once all get their own answers', async () => {
    const numbers = Array.from({ length: 50 }, (_, at) => String(at));
    const answers = await Promise.all(numbers.map((at) => outputOf(vms, vm, 'echo', at)));
    assert.deepEqual(answers, numbers);
  });

  await t.test(
    'a terminal has the size that was asked for, follows a resize, and takes Ctrl-C',
    async () => {
      const script =
        'trap "stty size; echo got-winch" WINCH; stty size; while :; do sleep 0.1; done';
      const shell = await converse(vms, {
        vm,
        arguments: ['sh', '-c', script],
        terminal: { rows: 33, columns: 77 },
      });
      await until(() => shell.written.stdout.includes('33 77'));
      shell.send({ $case: 'resize', value: { rows: 50, columns: 132 } });
      await until(() => /50 132\r\ngot-winch/.test(shell.written.stdout));
      shell.send({ $case: 'stdin', value: Buffer.from([3]) });
      const { signal, status } = await shell.end;
      assert.ok(signal === 2 || status === 130, `signal ${signal}, status ${status}`);
    },
  );

  await t.test('a full-screen program draws on the terminal and hears every key', async () => {
    const terminal = { rows: 24, columns: 80 };
    const editor = await converse(vms, { vm, arguments: ['vi', '/tmp/note'], terminal });
    await until(() => editor.written.stdout.includes('\x1b[') && /~/.test(editor.written.stdout));
    editor.send({ $case: 'stdin', value: Buffer.from('ihello\x1b') });
    await until(() => editor.written.stdout.includes('hello'));
    editor.send({ $case: 'stdin', value: Buffer.from(':wq\r') });
    assert.equal((await editor.end).status, 0);
    assert.equal(await outputOf(vms, vm, 'cat', '/tmp/note'), 'hello');
  });

  await t.test(
    'a foreground command goes when its caller has gone, and its children with it',
    async () => {
      const script = 'sleep 4321 & echo begun; wait';
      const left = await converse(vms, { vm, arguments: ['sh', '-c', script] });
      await until(() => left.written.stdout.includes('begun'));
      const count = async () => (await sh('ps -o args | grep -c "^sleep 432[1]"')).stdout.trim();
      assert.equal(await count(), '1');
      left.leave();
      await until(async () => (await count()) === '0');
    },
  );

  await t.test(
    'a detached command is listed while it runs and afterwards, and can be attached to',
    async () => {
      const script = 'echo begun; until [ -e /tmp/go ]; do sleep 0.1; done; echo ended; exit 7';
      const first = await converse(vms, { vm, arguments: ['sh', '-c', script], detach: true });
      assert.notEqual(first.execId, '');
      await until(() => first.written.stdout.includes('begun'));
      first.leave();
      const list = async () => (await vms.listVmExecs({ vm })).execs;
      const [listed] = await list();
      assert.equal(listed?.execId, first.execId);
      assert.equal(listed?.guestPid, first.guestPid);
      assert.equal(listed?.exit, undefined);

      const second = await attach(vms, vm, first.execId);
      await until(() => second.written.stdout.includes('begun'));
      await outputOf(vms, vm, 'touch', '/tmp/go');
      assert.deepEqual(await second.end, { status: 7, stdout: 'begun\nended\n', stderr: '' });
      assert.deepEqual((await list())[0]?.exit?.outcome, { $case: 'status', value: 7 });
    },
  );

  await t.test('commands run as the image asks while imaged is away', async () => {
    const imaged = given(running.get('imaged'));
    imaged.signal('SIGKILL');
    await imaged.exited;
    assert.equal(await outputOf(vms, vm, 'whoami'), 'root');
    await start('imaged');
  });
});
