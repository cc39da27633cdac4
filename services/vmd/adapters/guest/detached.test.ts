import assert from 'node:assert/strict';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { connectGuest } from './connect-guest.ts';
import { failsWith } from './testing/fails-with.ts';
import { startGreetedGuest } from './testing/greeted-guest.ts';

const shell = (script: string) => ({ argv: ['sh', '-c', script] });
const exited = (status: number, droppedBytes = 0) => ({ kind: 'exited', status, droppedBytes });

test('a detached command lives on without its host, and a later one sees all of it', async (t) => {
  const { guest, native } = await startGreetedGuest(t);
  const script = 'echo one; echo two >&2; read line; echo got $line; exit 5';
  const { handle, pid } = await guest.execDetached({ ...shell(script), stdin: true });
  guest.close();
  const later = await connectGuest(await native.connect());
  t.after(() => later.close());
  const [listed] = await later.processes();
  assert.deepEqual(
    [listed?.handle, listed?.pid, listed?.state, listed?.name],
    [handle, pid, 'running', 'sh'],
  );
  const process = later.attach(handle, { replay: true });
  assert.equal(await process.started, pid);
  process.stdin.write('hello\n');
  assert.equal(await text(process.stdout), 'one\ngot hello\n');
  assert.equal(await text(process.stderr), 'two\n');
  assert.deepEqual(await process.wait(), exited(5));
  const [ended] = await later.processes();
  assert.deepEqual([ended?.state, ended?.value], ['exited', 5]);
});

test('leaving an attached command does not end it, and it may be attached to again', async (t) => {
  const { guest } = await startGreetedGuest(t);
  const { handle } = await guest.execDetached({ ...shell('echo up; read x; exit 3'), stdin: true });
  const first = guest.attach(handle, { replay: true });
  await first.started;
  const busy = guest.attach(handle);
  await assert.rejects(busy.wait(), failsWith('COMMAND_FAILED', /somebody is attached/));
  first.cancel();
  const second = guest.attach(handle, { replay: true });
  second.stdin.end();
  assert.equal(await text(second.stdout), 'up\n');
  assert.deepEqual(await second.wait(), exited(3));
});

test('output beyond what is kept is dropped from its beginning, and counted', async (t) => {
  const { guest } = await startGreetedGuest(t);
  const { handle } = await guest.execDetached(shell('seq 100000'));
  const started = await ended(guest, handle);
  assert.equal(started, 'exited');
  const process = guest.attach(handle, { replay: true });
  const stdout = await text(process.stdout);
  const exit = await process.wait();
  assert.ok(exit.kind === 'exited' && exit.droppedBytes > 0);
  assert.equal(stdout.length + exit.droppedBytes, 588_895);
  assert.ok(stdout.endsWith('99999\n100000\n'));
});

async function ended(guest: Awaited<ReturnType<typeof connectGuest>>, handle: number) {
  for (;;) {
    const found = (await guest.processes()).find((each) => each.handle === handle);
    if (found?.state !== 'running') return found?.state;
  }
}

test('a viewer that does not read never stops the command', async (t) => {
  const { guest } = await startGreetedGuest(t);
  const { handle } = await guest.execDetached(shell('sleep 0.05; seq 200000; exit 4'));
  const process = guest.attach(handle);
  await process.started;
  assert.equal(await ended(guest, handle), 'exited');
  process.stderr.resume();
  process.stdout.resume();
  const exit = await process.wait();
  assert.ok(exit.kind === 'exited' && exit.status === 4 && exit.droppedBytes > 0);
});

test('a detached terminal is attached to with its input, size and signals', async (t) => {
  const { guest } = await startGreetedGuest(t);
  const script = "trap 'stty size' WINCH; echo up; while :; do read line && echo got $line; done";
  const { handle } = await guest.execDetached({
    ...shell(script),
    stdin: true,
    terminal: { rows: 24, columns: 80 },
  });
  const process = guest.attach(handle, { replay: true });
  process.stdin.write('abc\n');
  let seen = '';
  for await (const chunk of process.stdout) {
    seen += String(chunk);
    if (seen.includes('got abc') && !seen.includes('33 44'))
      process.resize({ rows: 33, columns: 44 });
    if (seen.includes('33 44')) process.signal(9);
  }
  assert.deepEqual(await process.wait(), { kind: 'signaled', signal: 9, droppedBytes: 0 });
});

test('a detached command that does not start says so and is not listed', async (t) => {
  const { guest } = await startGreetedGuest(t);
  const failing = guest.execDetached({ argv: ['no-such-command'] });
  await assert.rejects(failing, failsWith('INVALID_FIELD', /not found/));
  assert.deepEqual(await guest.processes(), []);
  const nobody = guest.attach(1);
  await assert.rejects(nobody.wait(), failsWith('INVALID_FIELD', /no detached command 1/));
});

test('of many ended commands the newest are kept, running ones are never dropped', async (t) => {
  const { guest } = await startGreetedGuest(t);
  const { handle } = await guest.execDetached(shell('exec sleep 1000'));
  t.after(() => guest.attach(handle).signal(9));
  for (let round = 0; round < 70; round++) {
    const short = await guest.execDetached(shell('exit 0'));
    await ended(guest, short.handle);
  }
  const listed = await guest.processes();
  assert.equal(listed.length, 64);
  assert.equal(listed.filter((each) => each.state === 'running')[0]?.handle, handle);
});
