import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { run } from './exec.ts';
import { listenOnSocket, type SocketPlace } from './listen.ts';
import { failsWith } from './testing/fails-with.ts';
import { temporaryFolder } from './testing/temporary-folder.ts';
import { until } from './testing/until.ts';

const isRoot = process.getuid?.() === 0;

async function listen(t: TestContext, place: SocketPlace) {
  const server = await listenOnSocket(place, { onConnection: (socket) => socket.end('hello') });
  t.after(() => server.close());
  return server;
}

async function readFrom(path: string): Promise<string> {
  const socket = connect(path);
  return (await socket.toArray()).join('');
}

test('a socket has its mode, and answers', async (t) => {
  const path = join(temporaryFolder(t), 'a.sock');
  await listen(t, { path, mode: 0o660 });
  assert.equal(statSync(path).mode & 0o777, 0o660);
  assert.equal(await readFrom(path), 'hello');
});

/** Every entry that the folder ever has is looked at between the calls that make and change it. */
test("a socket that has its name has its mode and group, and before that it is nobody's", {
  skip: !isRoot && 'needs root',
}, async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'a.sock');
  const seen = new Set<string>();
  const look = () => {
    for (const name of readdirSync(folder)) {
      const { mode, gid } = statSync(join(folder, name));
      seen.add(`${name} ${(mode & 0o777).toString(8)} ${gid}`);
    }
  };
  const { umask } = process;
  t.mock.method(process, 'umask', (mask: number) => {
    look();
    return umask.call(process, mask);
  });
  const listening = listen(t, { path, mode: 0o660, gid: 1501 });
  look();
  await listening;
  look();
  assert.deepEqual([...seen], [`.a.sock 0 ${process.getgid?.()}`, 'a.sock 660 1501']);
});

test('a group gets its right with the socket', { skip: !isRoot && 'needs root' }, async (t) => {
  const path = join(temporaryFolder(t), 'a.sock');
  await listen(t, { path, mode: 0o660, gid: 1501 });
  const { mode, gid, uid } = statSync(path);
  assert.deepEqual([mode & 0o777, gid, uid], [0o660, 1501, 0]);
});

test('nothing is left of a socket that is closed, nor of one that cannot be given to its group', async (t) => {
  const folder = temporaryFolder(t);
  const place = { path: join(folder, 'a.sock'), mode: 0o660 };
  const listener = await listenOnSocket(place, { onConnection: (socket) => socket.end() });
  await listener.close();
  assert.deepEqual(readdirSync(folder), []);
  const gid = 2 ** 32;
  await assert.rejects(
    listenOnSocket({ ...place, gid }, { onConnection: (socket) => socket.end() }),
    /gid/,
  );
  assert.deepEqual(readdirSync(folder), []);
});

test("the process's own umask stays as it was", async (t) => {
  const before = process.umask(0o027);
  t.after(() => process.umask(before));
  await listen(t, { path: join(temporaryFolder(t), 'a.sock'), mode: 0o660 });
  assert.equal(process.umask(0o027), 0o027);
});

test('a socket that a dead process left is replaced', async (t) => {
  const path = join(temporaryFolder(t), 'a.sock');
  await leaveSocket(path);
  await assert.rejects(readFrom(path), /ECONNREFUSED/);
  await listen(t, { path, mode: 0o600 });
  assert.equal(await readFrom(path), 'hello');
});

test('what is no socket is refused and stays', async (t) => {
  const folder = temporaryFolder(t);
  const file = join(folder, 'file');
  writeFileSync(file, 'precious');
  mkdirSync(join(folder, 'folder'));
  for (const path of [file, join(folder, 'folder')]) {
    await assert.rejects(
      listenOnSocket({ path, mode: 0o600 }, { onConnection: () => undefined }),
      failsWith('HOST_NOT_READY', /is in the way and is not a socket; remove it/),
    );
    assert.ok(lstatSync(path));
  }
});

test('the longest path that is possible is taken, and the next one explained', async (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'x'.repeat(106 - folder.length - 1));
  await listen(t, { path, mode: 0o600 });
  assert.equal(await readFrom(path), 'hello');
  await assert.rejects(
    listenOnSocket({ path: `${path}x`, mode: 0o600 }, { onConnection: () => undefined }),
    failsWith('HOST_NOT_READY', /has 107 bytes and may have 106; .*XDG_RUNTIME_DIR/),
  );
});

test('the length of a path is counted in bytes', async () => {
  await assert.rejects(
    listenOnSocket(
      { path: `/tmp/${'ö'.repeat(60)}`, mode: 0o600 },
      { onConnection: () => undefined },
    ),
    failsWith('HOST_NOT_READY', /has 125 bytes/),
  );
});

// libuv says EACCES where the kernel says ENOENT.
test('a folder that is not there is the error of the bind, with a group or without', async (t) => {
  const path = join(temporaryFolder(t), 'no/a.sock');
  for (const place of [
    { path, mode: 0o600 },
    { path, mode: 0o660, gid: 0 },
  ]) {
    await assert.rejects(
      listenOnSocket(place, { onConnection: () => undefined }),
      /^Error: listen EACCES/,
    );
  }
});

/** Leaves a socket file behind, as a process that was killed does. */
async function leaveSocket(path: string): Promise<void> {
  const program = `
    require('node:net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'));
  `;
  const options = { signal: new AbortController().signal, timeoutMs: 60_000 };
  await assert.rejects(run(process.execPath, ['-e', program, path], options), /SIGKILL/);
  assert.ok(existsSync(path));
}

test('a second server on the same path takes the place of the first', async (t) => {
  // Whoever calls holds the lock of the service, so the first one can only be dead.
  const path = join(temporaryFolder(t), 'a.sock');
  const first = createServer();
  first.listen(path);
  await once(first, 'listening');
  t.after(() => first.close());
  await listen(t, { path, mode: 0o600 });
  assert.equal(await readFrom(path), 'hello');
});

test('a socket that somebody removes is made again, as it was', async (t) => {
  const path = join(temporaryFolder(t), 'a.sock');
  const restored: unknown[] = [];
  const listener = await listenOnSocket(
    { path, mode: 0o660 },
    {
      onConnection: (socket) => socket.end('hello'),
      onRemoved: (error) => void restored.push(error),
    },
  );
  for (const times of [1, 2]) {
    rmSync(path);
    await until(() => restored.length === times);
    assert.equal(statSync(path).mode & 0o777, 0o660);
    assert.equal(await readFrom(path), 'hello');
  }
  assert.deepEqual(restored, [undefined, undefined]);
  await listener.close();
  assert.equal(existsSync(path), false);
});

test('who was connected when the socket was removed stays, and the end waits for them', async (t) => {
  const path = join(temporaryFolder(t), 'a.sock');
  const removed = Promise.withResolvers<unknown>();
  const listener = await listenOnSocket(
    { path, mode: 0o660 },
    { onConnection: (socket) => socket.pipe(socket), onRemoved: removed.resolve },
  );
  const early = connect(path);
  await once(early, 'connect');
  rmSync(path);
  assert.equal(await removed.promise, undefined);
  early.end('still here');
  const closing = listener.close();
  assert.equal((await early.toArray()).join(''), 'still here');
  await closing;
});
