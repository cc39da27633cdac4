import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { callOf } from '#kit/testing/call-of.ts';
import { failsWith } from '#kit/testing/fails-with.ts';
import { temporaryFolder } from '#kit/testing/temporary-folder.ts';
import { startNativeGuest } from '../../../guest/testing/native-guest.ts';
import type { ExecRequest, Guest, GuestExec } from '../domain/guest.ts';
import { createGuests } from './guests.ts';

const call = callOf();

/** A real agent, without a machine around it. */
async function openGuest(t: TestContext) {
  const native = await startNativeGuest(t);
  const first = await native.connect();
  first.destroy();
  const guest = await createGuests().connect(call, native.socketPath);
  t.after(() => guest.close());
  return { guest, native };
}

function exec(guest: Guest, script: string, more: Partial<ExecRequest> = {}): Promise<GuestExec> {
  const request = { environment: [], workingDir: '', user: '', detach: false };
  return guest.exec(call, { ...request, arguments: ['sh', '-c', script], ...more });
}

async function outputOf(running: GuestExec): Promise<{ stdout: string; stderr: string }> {
  const parts = { stdout: '', stderr: '' };
  for await (const { stream, data } of running.output()) parts[stream] += Buffer.from(data);
  return parts;
}

test('a command gets its input and answers on both streams, with its status', async (t) => {
  const { guest } = await openGuest(t);
  const running = await exec(guest, 'cat; echo "$WORD" >&2; exit 42', {
    environment: ['WORD=yes'],
  });
  assert.ok(running.guestPid > 0);
  await running.write(Buffer.from('hello'));
  await running.endInput();
  assert.deepEqual(await outputOf(running), { stdout: 'hello', stderr: 'yes\n' });
  assert.deepEqual(await running.exit, { status: 42 });
});

test('a command that cannot start says why, as a shell would', async (t) => {
  const { guest } = await openGuest(t);
  const running = await exec(guest, '', { arguments: ['no-such-command'] });
  assert.match((await outputOf(running)).stderr, /banger: .*"no-such-command" not found/);
  assert.deepEqual(await running.exit, { status: 127 });
});

test('a channel that ends in the middle of a command fails whoever waits, and nobody else', async (t) => {
  const { guest } = await openGuest(t);
  const waited = await exec(guest, 'sleep 60');
  // Nobody waits for this one; a rejection of it that nobody handles would end the whole service.
  await exec(guest, 'sleep 60');
  guest.close();
  await assert.rejects(waited.exit, failsWith('GUEST_UNREACHABLE', /closed/));
  await turn();
});

test('a detached command lives on, is listed and attached to again', async (t) => {
  const { guest, native } = await openGuest(t);
  const { execId } = await exec(guest, 'echo kept; exec sleep 60', { detach: true });
  guest.close();
  const again = await createGuests().connect(call, native.socketPath);
  t.after(() => again.close());
  assert.deepEqual(
    (await again.listExecs(call)).map((each) => [each.execId, each.exit]),
    [[execId, undefined]],
  );
  const running = await again.attach(call, execId);
  for await (const { data } of running.output()) {
    assert.equal(String(Buffer.from(data)), 'kept\n');
    break;
  }
  await running.signal(9);
  assert.deepEqual(await running.exit, { signal: 9 });
  await assert.rejects(again.attach(call, '9999'), failsWith('INVALID_REFERENCE', /"9999"/));
});

test('a file is packed under its own name, and an owner must be numbers', async (t) => {
  const { guest } = await openGuest(t);
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'note'), 'kept');
  const parts: Uint8Array[] = [];
  for await (const part of guest.pack(call, join(folder, 'note'))) parts.push(part);
  const tar = Buffer.concat(parts);
  assert.ok(tar.includes('\0note\0') && tar.includes('kept'));
  const wrong = guest.unpack(call, { guestPath: folder, owner: 'ann' }, emptyTar());
  await assert.rejects(wrong, failsWith('INVALID_FIELD', /"ann" is not an owner/));
});

async function* emptyTar() {
  yield Buffer.alloc(1024);
}
