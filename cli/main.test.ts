import assert from 'node:assert/strict';
import { type StdioOptions, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { localPaths } from '#kit/paths.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
/** More than a pipe holds. */
const LINES = 5000;

/** A command that prints a lot and asks no service. */
function logsOf(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'banger-main-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const env = {
    XDG_RUNTIME_DIR: folder,
    XDG_STATE_HOME: folder,
    XDG_CACHE_HOME: folder,
    XDG_CONFIG_HOME: folder,
  };
  const { logs } = localPaths(env, process.getuid?.() ?? 0);
  mkdirSync(logs, { recursive: true });
  const line = { time: '2026-01-01T00:00:00.000Z', level: 'info', message: 'x'.repeat(100) };
  writeFileSync(join(logs, 'vmd.log'), `${JSON.stringify(line)}\n`.repeat(LINES));
  return { env, arguments: ['daemon', 'logs', 'vmd', '--lines', String(LINES)] };
}

function startLogs(t: TestContext) {
  const { env, arguments: words } = logsOf(t);
  const stdio = ['ignore', 'pipe', 'inherit'] as const;
  const child = spawn(process.execPath, [MAIN, ...words], { env, stdio: [...stdio] });
  const ended = Promise.withResolvers<number | null>();
  child.once('close', ended.resolve);
  return { child, ended: ended.promise };
}

test('a reader that is slow gets all that was printed', async (t) => {
  const { child, ended } = startLogs(t);
  await once(child.stdout, 'readable');
  const printed = await text(child.stdout);
  assert.equal(printed.split('\n').length, LINES + 1);
  assert.equal(await ended, 0);
});

test('a reader that leaves ends the command as it ends any filter', async (t) => {
  const { child, ended } = startLogs(t);
  child.stdout.destroy();
  assert.equal(await ended, 141);
});

const FULL = '/dev/full';
test('what cannot be written is one line of error, for a result, a page and a command in the middle of its work', {
  skip: !existsSync(FULL) && `${FULL} is not there`,
}, (t) => {
  const { env, arguments: logs } = logsOf(t);
  for (const words of [['version'], ['vm', 'list', '--help'], logs]) {
    const full = openSync(FULL, 'w');
    const options = {
      env,
      stdio: ['ignore', full, 'pipe'] as StdioOptions,
      encoding: 'utf8',
    } as const;
    const { status, stderr } = spawnSync(process.execPath, [MAIN, ...words], options);
    closeSync(full);
    assert.equal(stderr, 'banger: what it prints cannot be written: no space left on device\n');
    assert.equal(status, 1, words.join(' '));
  }
});
