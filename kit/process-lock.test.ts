import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { loadLibc } from './libc.ts';
import { holdProcessLock, isHeldByAnother, parseHolder } from './process-lock.ts';
import { failsWith } from './testing/fails-with.ts';
import { temporaryFolder } from './testing/temporary-folder.ts';

const libc = loadLibc();

/** Another process that holds the lock until it is killed. */
async function startHolder(path: string) {
  const here = (name: string) => JSON.stringify(join(import.meta.dirname, name));
  const program = `
    import { loadLibc } from ${here('libc.ts')};
    import { holdProcessLock, isHeldByAnother } from ${here('process-lock.ts')};
    holdProcessLock(${JSON.stringify(path)}, loadLibc());
    process.stdout.write('held');
    setInterval(() => undefined, 1000);
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return child;
}

test('a lock that another process holds is refused with the number of that process', async (t) => {
  const path = join(temporaryFolder(t), 'vmd.lock');
  const child = await startHolder(path);
  t.after(() => child.kill('SIGKILL'));
  assert.throws(() => holdProcessLock(path, libc), isHeldByAnother);
  assert.throws(
    () => holdProcessLock(path, libc),
    failsWith('OPERATION_REFUSED', new RegExp(`process ${child.pid} holds ".*vmd\\.lock"`)),
  );
});

test('a holder that is killed lets go', async (t) => {
  const path = join(temporaryFolder(t), 'vmd.lock');
  const child = await startHolder(path);
  child.kill('SIGKILL');
  await once(child, 'exit');
  using _lock = holdProcessLock(path, libc);
  assert.deepEqual(parseHolder(readFileSync(path, 'utf8')), { pid: process.pid, build: 'source' });
});

test('a lock that is let go can be taken again', (t) => {
  const path = join(temporaryFolder(t), 'vmd.lock');
  holdProcessLock(path, libc)[Symbol.dispose]();
  holdProcessLock(path, libc)[Symbol.dispose]();
});

test('a link in the place of the lock is not followed', (t) => {
  const folder = temporaryFolder(t);
  const target = join(folder, 'precious');
  writeFileSync(target, 'content');
  symlinkSync(target, join(folder, 'vmd.lock'));
  assert.throws(
    () => holdProcessLock(join(folder, 'vmd.lock'), libc),
    (error) => /ELOOP/.test(String(error)) && !isHeldByAnother(error),
  );
  assert.equal(readFileSync(target, 'utf8'), 'content');
});
