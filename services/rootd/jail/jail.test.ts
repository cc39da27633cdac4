import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { failsWith } from '#kit/testing/fails-with.ts';
import { temporaryFolder } from '#kit/testing/temporary-folder.ts';
import { buildTestJail } from '../testing/vm-state.ts';
import { findProcess } from '../vmm/process.ts';
import { buildJail, installedCompilers } from './build.ts';

const sources = fileURLToPath(new URL('.', import.meta.url));
const signal = AbortSignal.timeout(60_000);
const skip = installedCompilers().length === 0 ? 'needs a C compiler' : false;
async function run(...args: string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(await buildTestJail(signal), args);
  return stdout.trim();
}

test('the sources pass the strictest reading of the compiler', { skip }, async () => {
  const strict = ['-Wall', '-Wextra', '-Wpedantic', '-Werror', '-Wconversion', '-Wsign-conversion'];
  const more = ['-Wshadow', '-Wstrict-prototypes', '-Wmissing-prototypes', '-Wformat=2', '-Wvla'];
  const files = readdirSync(sources).filter((name) => name.endsWith('.c'));
  const args = [
    ...strict,
    ...more,
    '-fanalyzer',
    '-std=c17',
    '-D_GNU_SOURCE',
    '-O2',
    '-fsyntax-only',
  ];
  for (const compiler of installedCompilers()) {
    await promisify(execFile)(compiler, [...args, ...files], { cwd: sources });
  }
});

test('it is built once for its sources, and again for others', { skip }, async (t) => {
  const built = temporaryFolder(t);
  const first = await buildJail({ sources, built }, signal);
  assert.equal(await buildJail({ sources, built }, signal), first);
  assert.deepEqual(readdirSync(built), [first.slice(built.length + 1)]);
});

test('a source that does not compile leaves nothing behind', { skip }, async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'jail.c'), 'nonsense');
  const built = join(folder, 'built');
  await assert.rejects(
    buildJail({ sources: folder, built }, signal),
    failsWith('COMMAND_FAILED', /gcc ended with status 1/),
  );
  assert.deepEqual(readdirSync(built), []);
});

test('a process gets a signal when its start time is right, and only then', { skip }, async (t) => {
  const child = spawn('sleep', ['60']);
  t.after(() => child.kill('SIGKILL'));
  await once(child, 'spawn');
  const { pid = 0 } = child;
  const ticks = findProcess(pid)?.startTicks ?? 0;
  for (const wrong of [ticks + 1, ticks - 1, 0, 1]) {
    assert.equal(await run('signal', `${pid}`, `${wrong}`, '9'), 'gone');
  }
  assert.equal(child.signalCode, null);
  const ended = once(child, 'exit');
  assert.equal(await run('signal', `${pid}`, `${ticks}`, '15'), 'sent');
  assert.deepEqual(await ended, [null, 'SIGTERM']);
  assert.equal(await run('signal', `${pid}`, `${ticks}`, '15'), 'gone');
});

test('a lock is told while somebody holds it', { skip }, async (t) => {
  const path = join(temporaryFolder(t), 'record');
  assert.equal(await run('locked', path), 'free');
  writeFileSync(path, '');
  assert.equal(await run('locked', path), 'free');
  const holder = spawn('flock', [path, 'cat'], { stdio: ['pipe', 'pipe', 'inherit'] });
  holder.stdin.write('held\n');
  await once(holder.stdout, 'data');
  assert.equal(await run('locked', path), 'held');
  holder.stdin.end();
  await once(holder, 'exit');
  assert.equal(await run('locked', path), 'free');
});

test('options that make no sense are refused before anything is done', { skip }, async () => {
  for (const args of [
    ['launch', '--uid', '0'],
    ['launch', '--uid', '-1'],
    ['launch', '--uid', '4294967295'],
    ['launch', '--lock', '99'],
    ['launch', '--lock'],
    ['launch', '--bind', '3'],
    ['launch', '--nonsense', '1'],
    ['launch', '--', '/bin/true'],
    ['signal', '1'],
    ['signal', 'x', '1', '9'],
    ['signal', '1', '1', '99'],
    ['other', 'x'],
  ]) {
    await assert.rejects(run(...args), /jail: /, args.join(' '));
  }
});
