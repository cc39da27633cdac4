import assert from 'node:assert/strict';
import { once } from 'node:events';
import { duplexPair, PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { connectGuest } from './connect-guest.ts';
import { FieldWriter } from './fields.ts';
import { encodeHello, encodeTag } from './frame.ts';
import { FRAME } from './protocol.ts';
import { failsWith } from './testing/fails-with.ts';
import { startGreetedGuest } from './testing/greeted-guest.ts';
import { type PlayedGuest, playGuest } from './testing/played-guest.ts';

const shell = (script: string) => ({ argv: ['sh', '-c', script] });

test('a guest that answers says who it is', async (t) => {
  const { guest } = await startGreetedGuest(t);
  assert.match(guest.ready.bootId, /^[0-9a-f-]{36}$/);
  assert.ok(guest.ready.kernel.length > 0 && guest.ready.answeredNs > 0);
});

test('a host that vanished in the middle of a frame leaves nothing to the next', async (t) => {
  const { native } = await startGreetedGuest(t);
  const dataHeader = Buffer.from('000001000200000001000000', 'hex');
  for (const cut of [1, 11, 12, 40, 60_000]) {
    const broken = await native.connect();
    // The guest drops it with bytes unread, which the kernel may tell as a reset.
    broken.on('error', () => undefined).resume();
    broken.write(encodeHello({ tag: 77, nonce: Buffer.alloc(16, 5) }));
    broken.write(Buffer.concat([dataHeader, Buffer.alloc(60_000, 1)]).subarray(0, cut));
    const socket = await native.connect();
    const guest = await connectGuest(socket);
    await guest.ping();
    guest.close();
    broken.destroy();
  }
});

test('the same connection can carry one greeting after another', async (t) => {
  const { native } = await startGreetedGuest(t);
  const socket = await native.connect();
  for (let round = 0; round < 5; round++) {
    socket.write(encodeHello({ tag: 1 + round, nonce: Buffer.alloc(16, round) }));
    socket.write(Buffer.alloc(round * 1000, 0x93));
  }
  const guest = await connectGuest(socket);
  await guest.ping();
  guest.close();
});

test('a newer host takes over: the older one is told, its foreground commands are hung up', async (t) => {
  const { guest, native } = await startGreetedGuest(t);
  const process = guest.exec(shell('trap "exit 1" HUP; echo $$; while :; do sleep 0.01; done'));
  const [first] = (await once(process.stdout, 'data')) as [Buffer];
  const newer = await connectGuest(await native.connect());
  t.after(() => newer.close());
  await assert.rejects(process.wait(), failsWith('GUEST_UNREACHABLE', /channel closed/));
  const reason = await guest.closed;
  assert.match(reason.message, /channel closed/);
  const gone = newer.exec(
    shell(`while kill -0 ${String(first).trim()} 2>/dev/null; do sleep 0.01; done`),
  );
  assert.equal((await gone.wait()).kind, 'exited');
});

test('a command that ignores the hang-up is killed after the grace', async (t) => {
  const { guest, native } = await startGreetedGuest(t);
  const process = guest.exec(shell('trap "" HUP; echo $$; while :; do sleep 0.01; done'));
  const [first] = (await once(process.stdout, 'data')) as [Buffer];
  guest.close();
  const newer = await connectGuest(await native.connect());
  t.after(() => newer.close());
  const alive = newer.exec(shell(`kill -0 ${String(first).trim()}`));
  assert.deepEqual(await alive.wait(), { kind: 'exited', status: 0, droppedBytes: 0 });
  const gone = newer.exec(
    shell(`while kill -0 ${String(first).trim()} 2>/dev/null; do sleep 0.05; done`),
  );
  assert.equal((await gone.wait()).kind, 'exited');
});

test('a host that never reads cannot make the guest lose the next host', async (t) => {
  const { guest, native } = await startGreetedGuest(t);
  const deaf = await native.connect();
  // Dropped with bytes unread, which the kernel may tell as a reset.
  deaf.on('error', () => undefined);
  deaf.write(encodeHello({ tag: 9, nonce: Buffer.alloc(16, 5) }));
  const next = await connectGuest(await native.connect());
  assert.match(await text(next.exec({ argv: ['echo', 'fine'] }).stdout), /fine/);
  next.close();
  deaf.destroy();
  guest.close();
});

test('waiting for a guest that does not answer ends with the signal', async () => {
  const [here, there] = duplexPair();
  there.on('data', () => undefined);
  const control = new AbortController();
  const waiting = connectGuest(here, { signal: control.signal });
  control.abort();
  await assert.rejects(waiting, failsWith('CANCELLED', /waiting for the guest/));
  assert.ok(here.destroyed);
  const closed = new PassThrough();
  closed.destroy();
  await assert.rejects(
    connectGuest(closed),
    failsWith('GUEST_UNREACHABLE', /before the guest answered/),
  );
});

test('a guest program of another version is refused with what to do', async () => {
  const { connected } = await playGuest(0);
  await assert.rejects(connected, failsWith('FEATURE_UNSUPPORTED', /start the VM again/));
});

test('a boot that failed says at which step and why', async () => {
  const payload = new FieldWriter().text('root').text('no \x1b[2Jdisk').u32(0).build();
  const { connected } = await playGuest(1, { type: FRAME.FAILED, payload });
  await assert.rejects(connected, failsWith('GUEST_UNREACHABLE', /at "root": no \?\[2Jdisk/));
});

test('a guest that breaks the protocol loses its session, and nothing else happens', async () => {
  const attacks: ((played: PlayedGuest) => void)[] = [
    ({ tag, sendRaw }) => sendRaw(rawFrame(tag + 1)),
    ({ sendRaw }) => sendRaw(Buffer.alloc(12, 0xff)),
    ({ send }) => send({ type: 0x30, stream: 1 }),
    ({ send }) => send({ type: FRAME.OPEN, stream: 1 }),
    ({ send }) => send({ type: FRAME.DATA, stream: 0 }),
    ({ send }) => send({ type: FRAME.DATA, stream: 1, channel: 7, payload: Buffer.alloc(9) }),
    ({ send }) => send({ type: FRAME.CREDIT, stream: 1, payload: Buffer.alloc(3) }),
    ({ send }) => send({ type: FRAME.ERROR, stream: 1, payload: Buffer.alloc(3) }),
    ({ send }) => send({ type: FRAME.ERROR, stream: 0, payload: Buffer.from('any reason') }),
    ({ send }) => {
      const payload = Buffer.alloc(65_536);
      for (let at = 0; at < 10; at++) send({ type: FRAME.DATA, stream: 1, channel: 1, payload });
    },
  ];
  for (const attack of attacks) {
    const { connected, played } = await playGuest();
    const guest = await connected;
    const process = guest.exec({ argv: ['true'] });
    attack(played);
    await assert.rejects(process.wait(), failsWith('GUEST_UNREACHABLE', /./), String(attack));
    await guest.closed;
    await assert.rejects(guest.ping(), failsWith('GUEST_UNREACHABLE', /./));
  }
});

const rawFrame = (tag: number) =>
  Buffer.concat([Buffer.from('000000001400000001000000', 'hex'), encodeTag(tag)]);

test('an answer that is too short fails its request only', async () => {
  const { connected, played } = await playGuest();
  const guest = await connected;
  const figures = guest.figures();
  played.send({ type: FRAME.RESULT, stream: 1, payload: Buffer.alloc(5) });
  await assert.rejects(figures, failsWith('GUEST_UNREACHABLE', /ends too early/));
  const processes = guest.processes();
  played.send({ type: FRAME.RESULT, stream: 2, payload: Buffer.alloc(4, 0xff) });
  await assert.rejects(processes, failsWith('GUEST_UNREACHABLE', /ends too early/));
  const ping = guest.ping();
  played.send({ type: FRAME.RESULT, stream: 3 });
  await ping;
  guest.close();
});
