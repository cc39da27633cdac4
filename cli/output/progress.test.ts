import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProgressUnit, Stage, StageState } from '#proto/banger/v1/types.ts';
import { createProgress, formatStage, type ProgressMode } from './progress.ts';

const PULL = Stage.fromPartial({
  name: 'image',
  state: StageState.RUNNING,
  detail: 'alpine',
  elapsedMs: 2000,
  progress: { done: 4 * 2 ** 20, total: 8 * 2 ** 20, unit: ProgressUnit.BYTES },
});
const DONE = { ...PULL, state: StageState.DONE };

function show(mode: ProgressMode, stream: { isTTY: boolean; columns?: number }, env = {}) {
  const written: string[] = [];
  const write = (text: string) => written.push(text);
  const progress = createProgress({ stream: { ...stream, write }, mode, color: false, env });
  for (const stage of [PULL, DONE]) progress.stage(stage);
  progress.end('ready in 2.0s');
  return written.join('');
}

test('a pull tells bytes and rate', () => {
  assert.equal(formatStage(PULL), 'image                2.0s  4 MiB of 8 MiB  2 MiB/s  alpine');
});

test('a pipe gets nothing by itself, and with plain one line for each stage that has ended', () => {
  assert.equal(show('auto', { isTTY: false }), '');
  const plain = `${formatStage(DONE)}\nready in 2.0s\n`;
  assert.equal(show('plain', { isTTY: false }), plain);
  assert.equal(show('plain', { isTTY: true }), plain);
});

test('a terminal that cannot repaint gets nothing unless it is asked for', () => {
  assert.equal(show('auto', { isTTY: true }, { TERM: 'dumb' }), '');
  assert.equal(show('off', { isTTY: true }), '');
});

test('a terminal without a size is taken for a usual one, and a narrow one is not overrun', () => {
  assert.match(show('auto', { isTTY: true, columns: 0 }), /alpine.*\nready in 2\.0s\n$/);
  for (const line of show('auto', { isTTY: true, columns: 20 }).split('\n')) {
    assert.ok(line.replaceAll('\x1b[K', '').length < 20, line);
  }
});

test('more stages than a window has lines are painted in the window, and all told at the end', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const written: string[] = [];
  const write = (text: string) => written.push(text);
  const stream = { isTTY: true, columns: 80, rows: 4, write };
  const progress = createProgress({ stream, mode: 'auto', color: false, env: {} });
  for (const name of ['one', 'two', 'three', 'four', 'five']) progress.stage({ ...DONE, name });
  for (let paints = 0; paints < 2; paints++) t.mock.timers.tick(100);
  progress.end();
  const names = (text = '') => text.match(/one|two|three|four|five/g);
  assert.deepEqual(written.map(names), [
    ['three', 'four', 'five'],
    ['three', 'four', 'five'],
    ['one', 'two', 'three', 'four', 'five'],
  ]);
  const up = '\x1b[3F';
  assert.deepEqual(
    written.map((text) => text.startsWith(up)),
    [false, true, true],
  );
});
