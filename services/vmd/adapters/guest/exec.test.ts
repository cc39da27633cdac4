import assert from 'node:assert/strict';
import { constants } from 'node:os';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import type { Guest, GuestProcess } from './guest.ts';
import { failsWith } from './testing/fails-with.ts';
import { startGreetedGuest } from './testing/greeted-guest.ts';
import { temporaryFolder } from './testing/temporary-folder.ts';

const { SIGHUP, SIGINT, SIGKILL, SIGTERM } = constants.signals;

const shell = (guest: Guest, script: string, more: object = {}) =>
  guest.exec({ argv: ['sh', '-c', script], ...more });

async function outcome(process: GuestProcess) {
  const [stdout, stderr, exit] = await Promise.all([
    text(process.stdout),
    text(process.stderr),
    process.wait(),
  ]);
  return { stdout, stderr, exit };
}

const exited = (status: number) => ({ kind: 'exited', status, droppedBytes: 0 });

test('the status of a command is passed through', async (t) => {
  const { guest } = await startGreetedGuest(t);
  for (const status of [0, 1, 42, 255]) {
    assert.deepEqual(await shell(guest, `exit ${status}`).wait(), exited(status));
  }
});

test('a command ended by a signal says which', async (t) => {
  const { guest } = await startGreetedGuest(t);
  assert.deepEqual(await shell(guest, 'kill -KILL $$').wait(), {
    kind: 'signaled',
    signal: SIGKILL,
    droppedBytes: 0,
  });
});

test('output and errors come apart, in full and before the end', async (t) => {
  const { guest } = await startGreetedGuest(t);
  const script = 'i=0; while [ $i -lt 2000 ]; do echo out$i; echo err$i >&2; i=$((i+1)); done';
  const { stdout, stderr, exit } = await outcome(shell(guest, script));
  assert.equal(stdout.split('\n').length, 2001);
  assert.ok(stderr.endsWith('err1999\n'));
  assert.deepEqual(exit, exited(0));
});

test('a command that is not there is 127, one that cannot run is 126, both with the reason', async (t) => {
  const { guest } = await startGreetedGuest(t);
  const cases = [
    [{ argv: ['no-such-command'] }, 127, /"no-such-command" not found in the guest's PATH/],
    [{ argv: ['/no/such'] }, 127, /"\/no\/such" not found/],
    [{ argv: ['/etc/passwd'] }, 126, /"\/etc\/passwd" cannot start .*Permission denied/],
    [{ argv: ['/etc'] }, 126, /"\/etc" cannot start/],
    [{ argv: ['true'], folder: '/no/such' }, 126, /folder "\/no\/such" does not exist/],
    [{ argv: ['true'], folder: '/etc/passwd' }, 126, /cannot enter folder "\/etc\/passwd"/],
    [{ argv: ['true'], user: 'nobody-knows-me' }, 126, /no user "nobody-knows-me"/],
    [{ argv: ['true'], user: 'root:no-such-group' }, 126, /no group "no-such-group"/],
  ] as const;
  for (const [request, status, message] of cases) {
    const process = guest.exec(request);
    const { stdout, stderr, exit } = await outcome(process);
    assert.equal(exit.kind, 'not-started');
    assert.ok(exit.kind === 'not-started' && message.test(exit.message), JSON.stringify(exit));
    assert.equal(exit.status, status);
    assert.equal(stdout + stderr, '');
    await assert.rejects(process.started, message);
  }
});

test('environment and folder are what was asked for, and what is missing is filled in', async (t) => {
  const { guest } = await startGreetedGuest(t);
  const bare = await outcome(guest.exec({ argv: ['env'] }));
  assert.deepEqual(bare.stdout.trim().split('\n').map(nameOf).toSorted(), [
    'HOME',
    'LOGNAME',
    'PATH',
    'SHELL',
    'USER',
  ]);
  const request = { argv: ['sh', '-c', 'echo $A:$HOME; pwd'], env: ['A=b c', 'HOME=/x'] };
  const asked = await outcome(guest.exec({ ...request, folder: '/usr' }));
  assert.equal(asked.stdout, 'b c:/x\n/usr\n');
});

const nameOf = (variable: string) => variable.split('=')[0] ?? '';

test('a user is taken with all groups, a user with a group with that one only', async (t) => {
  if (process.getuid?.() !== 0) return t.skip('only root can become another user');
  const { guest } = await startGreetedGuest(t);
  const id = async (user: string) =>
    (await outcome(guest.exec({ argv: ['id'], user }))).stdout.trim();
  assert.match(await id('daemon'), /^uid=1\(daemon\) gid=1\(daemon\) groups=1\(daemon\)$/);
  assert.match(await id('12345'), /^uid=12345 gid=0\(root\) groups=0\(root\)$/);
  assert.match(await id('1:games'), /^uid=1\(daemon\) gid=60\(games\) groups=60\(games\)$/);
  assert.match(await id('54321:54322'), /^uid=54321 gid=54322 groups=54322$/);
  return undefined;
});

test('a large environment travels in several frames, a larger one is refused here', async (t) => {
  const { guest } = await startGreetedGuest(t);
  const env = Array.from({ length: 8 }, (_, at) => `BIG${at}=${'x'.repeat(100_000)}`);
  const { stdout } = await outcome(shell(guest, 'printf %s "$BIG0$BIG7" | wc -c', { env }));
  assert.equal(stdout.trim(), '200000');
  assert.throws(
    () => guest.exec({ argv: ['true'], env: [`HUGE=${'x'.repeat(2 ** 20)}`] }),
    failsWith('INVALID_FIELD', /pass large data through standard input/),
  );
  assert.throws(() => guest.exec({ argv: [] }), failsWith('INVALID_FIELD', /command is empty/));
  assert.throws(() => guest.exec({ argv: ['a\0b'] }), failsWith('INVALID_FIELD', /NUL/));
});

test('a signal reaches the whole process group', async (t) => {
  const { guest } = await startGreetedGuest(t);
  const process = shell(guest, 'sh -c "echo ready; sleep 1000; echo never"; echo never');
  for await (const chunk of process.stdout) {
    assert.equal(String(chunk), 'ready\n');
    process.signal(SIGTERM);
  }
  const exit = await process.wait();
  assert.deepEqual(exit, { kind: 'signaled', signal: SIGTERM, droppedBytes: 0 });
});

test('a terminal has the size asked for, is resized, and passes Ctrl-C on', async (t) => {
  const { guest } = await startGreetedGuest(t);
  const script = `trap 'stty size' WINCH; trap 'echo caught; exit 7' INT; stty size; tty >/dev/null || exit 9
    while :; do sleep 0.01; done`;
  const terminal = { rows: 24, columns: 80 };
  const process = shell(guest, script, { stdin: true, terminal });
  let seen = '';
  for await (const chunk of process.stdout) {
    const before = seen;
    seen += String(chunk);
    if (appears('24 80\r\n', before, seen)) process.resize({ rows: 50, columns: 132 });
    if (appears('50 132\r\n', before, seen)) process.stdin.write('\x03');
  }
  assert.match(seen, /24 80\r\n[\s\S]*50 132\r\n[\s\S]*caught\r\n/);
  assert.deepEqual(await process.wait(), exited(7));
});

const appears = (text: string, before: string, after: string) =>
  !before.includes(text) && after.includes(text);

test('all that a command writes to its terminal arrives, though it ends at once', async (t) => {
  const { guest } = await startGreetedGuest(t);
  const request = { argv: ['seq', '20000'], terminal: { rows: 24, columns: 80 } };
  const { stdout } = await outcome(guest.exec(request));
  assert.equal(stdout.split('\r\n').length, 20_001);
});

test('a command whose child keeps the output open is over when it ends itself', async (t) => {
  const { guest } = await startGreetedGuest(t);
  const { stdout, exit } = await outcome(shell(guest, 'sleep 1000 & echo $!; exit 3'));
  assert.deepEqual(exit, exited(3));
  process.kill(Number(stdout), 'SIGKILL');
});

test('what a command leaves behind may go on writing', async (t) => {
  const { guest } = await startGreetedGuest(t);
  const folder = temporaryFolder(t);
  const left = `while [ ! -e ${folder}/go ]; do sleep 0.01; done; echo late && touch ${folder}/done`;
  assert.deepEqual(await shell(guest, `(${left}) & exit 0`).wait(), exited(0));
  const wait = `touch ${folder}/go; while [ ! -e ${folder}/done ]; do sleep 0.01; done`;
  assert.deepEqual(await shell(guest, wait).wait(), exited(0));
});

test('a reader that leaves early ends the writer, as in a pipe', async (t) => {
  const { guest } = await startGreetedGuest(t);
  const process = guest.exec({ argv: ['yes'] });
  for await (const chunk of process.stdout) {
    assert.ok(String(chunk).startsWith('y\n'));
    break;
  }
  assert.deepEqual(await process.wait(), {
    kind: 'signaled',
    signal: constants.signals.SIGPIPE,
    droppedBytes: 0,
  });
});

test('an input that nobody reads to its end is closed without an error', async (t) => {
  const { guest } = await startGreetedGuest(t);
  const process = guest.exec({ argv: ['head', '-c', '3'], stdin: true });
  process.stdin.write(Buffer.alloc(1_000_000, 'x'));
  assert.equal(await text(process.stdout), 'xxx');
  assert.deepEqual(await process.wait(), exited(0));
  assert.ok(process.stdin.destroyed);
});

test('a cancelled command is hung up, also when the signal was aborted before', async (t) => {
  const { guest } = await startGreetedGuest(t);
  const control = new AbortController();
  const script = 'trap "echo hung up >&2; exit" HUP; echo $$; while :; do sleep 0.01; done';
  const running = guest.exec({ argv: ['sh', '-c', script] }, { signal: control.signal });
  running.stderr.resume();
  let pid = 0;
  const read = (async () => {
    for await (const chunk of running.stdout) {
      pid = Number(String(chunk));
      control.abort();
    }
  })();
  await assert.rejects(read, failsWith('CANCELLED', /cancelled/));
  await assert.rejects(running.wait(), failsWith('CANCELLED', /cancelled/));
  await shell(guest, `while kill -0 ${pid} 2>/dev/null; do sleep 0.01; done`).wait();
  const late = guest.exec({ argv: ['true'] }, { signal: control.signal });
  await assert.rejects(late.wait(), failsWith('CANCELLED', /cancelled/));
  await guest.ping();
});

test('fifty commands at once keep their outputs apart', async (t) => {
  const { guest } = await startGreetedGuest(t);
  const all = Array.from({ length: 50 }, async (_, at) => {
    const { stdout, exit } = await outcome(shell(guest, `seq ${at} $((${at}+500)); exit ${at}`));
    assert.deepEqual(exit, exited(at));
    assert.equal(stdout.split('\n')[500], String(at + 500));
  });
  await Promise.all(all);
});

test('a command in the guest has no descriptor of the agent', async (t) => {
  const { guest } = await startGreetedGuest(t);
  const others = shell(guest, 'sleep 1000');
  others.stdout.resume();
  const { stdout } = await outcome(guest.exec({ argv: ['ls', '/proc/self/fd'] }));
  assert.deepEqual(stdout.trim().split('\n'), ['0', '1', '2', '3']);
  others.signal(SIGINT);
  others.signal(SIGHUP);
  await others.wait();
});
