import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chownSync,
  existsSync,
  fstatSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { failsWith } from '#kit/testing/fails-with.ts';
import { temporaryFolder } from '#kit/testing/temporary-folder.ts';
import { findFile, openFile, openFolder } from './managed-path.ts';

const owner = process.getuid?.() ?? 0;
const refused = failsWith('OPERATION_REFUSED', /does not use it/);

/** root/one/two/file, and a secret beside the root. */
function makeTree(t: TestContext) {
  const base = temporaryFolder(t);
  const root = join(base, 'root');
  const folder = join(root, 'one/two');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'file'), 'content');
  mkdirSync(join(base, 'elsewhere/two'), { recursive: true });
  writeFileSync(join(base, 'elsewhere/two/file'), 'secret');
  return { base, root, folder, elsewhere: join(base, 'elsewhere') };
}

function readThrough(root: string): string {
  using folder = openFolder(root, 'one', 'two');
  using file = openFile(folder, 'file', { owner });
  return readFileSync(file.fd, 'utf8');
}

test('a file below real folders is opened', (t) => {
  assert.equal(readThrough(makeTree(t).root), 'content');
});

test('a link in the place of any component is refused', (t) => {
  const { root, elsewhere } = makeTree(t);
  for (const [name, target] of [
    ['one/two/file', join(elsewhere, 'two/file')],
    ['one/two', join(elsewhere, 'two')],
    ['one', elsewhere],
    ['', elsewhere],
  ] as const) {
    const path = join(root, name);
    const kept = `${path.replace(/\/$/, '')}.kept`;
    renameSync(path, kept);
    symlinkSync(target, path.replace(/\/$/, ''));
    assert.throws(() => readThrough(root), refused, name);
    rmSync(path.replace(/\/$/, ''));
    renameSync(kept, path);
  }
  assert.equal(readThrough(root), 'content');
});

test('what is missing is said, or allowed for a file when asked for', (t) => {
  const { root, folder } = makeTree(t);
  const missing = failsWith('HOST_NOT_READY', /does not exist/);
  assert.throws(() => openFolder(root, 'one', 'three'), missing);
  using place = openFolder(root, 'one', 'two');
  assert.throws(() => openFile(place, 'other', { owner }), missing);
  assert.equal(findFile(place, 'other', { owner }), undefined);
  symlinkSync('/nowhere', join(folder, 'dangling'));
  assert.throws(() => findFile(place, 'dangling', { owner }), refused);
});

test('what is no regular file is refused, and a pipe does not make it wait', (t) => {
  const { root, folder } = makeTree(t);
  using place = openFolder(root, 'one', 'two');
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  mkdirSync(join(folder, 'folder'));
  for (const name of ['pipe', 'folder']) {
    assert.throws(() => openFile(place, name, { owner }), refused);
  }
  assert.throws(() => openFolder(root, 'one', 'two', 'file'), refused);
});

test('a second link to a file of somebody else is refused', (t) => {
  if (owner !== 0) return t.skip('needs root, to make a file of somebody else');
  const { root, folder, elsewhere } = makeTree(t);
  const foreign = join(elsewhere, 'foreign');
  writeFileSync(foreign, 'secret');
  chownSync(foreign, 61_399, 61_399);
  linkSync(foreign, join(folder, 'foreign'));
  using place = openFolder(root, 'one', 'two');
  assert.throws(() => openFile(place, 'foreign', { owner }), refused);
});

test('a file is opened for writing only when asked for', (t) => {
  const { root } = makeTree(t);
  using place = openFolder(root, 'one', 'two');
  using reading = openFile(place, 'file', { owner });
  using writing = openFile(place, 'file', { owner, write: true });
  assert.throws(() => writeFileSync(reading.fd, 'x'), { code: 'EBADF' });
  writeFileSync(writing.fd, 'x');
});

test('a name of more than one component is a defect', (t) => {
  const { root } = makeTree(t);
  using place = openFolder(root, 'one');
  for (const name of ['', '.', '..', 'two/file', '../one']) {
    assert.throws(() => openFile(place, name, { owner }), /not one component/);
  }
});

test('descriptors are closed, also of what was refused', (t) => {
  const { base, root, folder } = makeTree(t);
  symlinkSync('/etc/passwd', join(folder, 'link'));
  for (let turn = 0; turn < 20; turn++) {
    readThrough(root);
    using place = openFolder(root, 'one', 'two');
    assert.throws(() => openFile(place, 'link', { owner }), refused);
    assert.throws(() => openFolder(root, 'one', 'two', 'link'), refused);
  }
  const open = readdirSync('/proc/self/fd').flatMap((fd) => targetOf(`/proc/self/fd/${fd}`));
  assert.deepEqual(
    open.filter((target) => target.startsWith(base)),
    [],
  );
});

/** Nothing for the descriptor that the folder was read with, which is closed by now. */
function targetOf(path: string): string[] {
  return existsSync(path) ? [readlinkSync(path)] : [];
}

test('a name that is swapped all the time never leads to the other file', async (t) => {
  const { root, folder, elsewhere } = makeTree(t);
  const good = join(folder, 'good');
  linkSync(join(folder, 'file'), good);
  await using _swapping = await startSwapping(
    join(folder, 'file'),
    good,
    join(elsewhere, 'two/file'),
  );
  const inode = statSync(good).ino;
  using place = openFolder(root, 'one', 'two');
  meetBothOutcomes(() => {
    using file = openFile(place, 'file', { owner });
    assert.equal(fstatSync(file.fd).ino, inode);
    assert.equal(readSync(file.fd, Buffer.alloc(10), 0, 10, 0), 'content'.length);
  });
});

test('a folder that is swapped all the time never leads to the other one', async (t) => {
  const { root, folder, elsewhere } = makeTree(t);
  await using _swapping = await startSwapping(join(folder, 'folder'), '-', join(elsewhere, 'two'));
  meetBothOutcomes(() => {
    using place = openFolder(root, 'one', 'two', 'folder');
    assert.equal(findFile(place, 'file', { owner }), undefined);
  });
});

/** Ends before the test's folder is removed, which would fail while somebody makes files in it. */
async function startSwapping(name: string, good: string, bad: string): Promise<AsyncDisposable> {
  const program = fileURLToPath(new URL('../testing/swap-names.ts', import.meta.url));
  const child = spawn(process.execPath, [program, name, good, bad], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(child.stdout, 'data');
  return {
    async [Symbol.asyncDispose]() {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Far more than it takes; a machine that is very busy may let the other process run only now and then. */
const PATIENCE_MS = 30_000;

/** Many tries, and more until both outcomes were met: without both, there was no race to withstand. */
function meetBothOutcomes(attempt: () => void): void {
  const seen = { opened: 0, refused: 0, absent: 0 };
  const isEnough = () => seen.opened > 0 && seen.refused > 0 && seen.opened + seen.refused > 2000;
  const giveUpAt = performance.now() + PATIENCE_MS;
  while (!isEnough() && performance.now() < giveUpAt) {
    try {
      attempt();
      seen.opened += 1;
    } catch (error) {
      if (refused(error)) seen.refused += 1;
      else if (failsWith('HOST_NOT_READY', /does not exist/)(error)) seen.absent += 1;
      else throw error;
    }
  }
  assert.ok(seen.opened > 0 && seen.refused > 0, JSON.stringify(seen));
}
