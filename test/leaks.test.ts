import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '#kit/testing/temporary-folder.ts';
import { findLeaks, namedThings } from './leaks.ts';

test('nothing is found where nothing was left', (t) => {
  assert.deepEqual(findLeaks(temporaryFolder(t), namedThings()), []);
});

test('a file is named', (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'left'), '');
  assert.deepEqual(findLeaks(folder, namedThings()), [`file ${folder}/left`]);
});

for (const how of ['its words', 'the folder that it stands in']) {
  test(`a process is known by ${how}, and no more when it has ended`, async (t) => {
    const folder = temporaryFolder(t);
    const place = join(folder, 'place');
    mkdirSync(place);
    const word = how === 'its words' ? join(place, 'word') : 'word';
    const cwd = how === 'its words' ? '/' : place;
    const child = spawn('sh', ['-c', 'echo ready; read line', word], { cwd });
    const ended = once(child, 'exit');
    await once(child.stdout, 'data');
    const processes = () =>
      findLeaks(folder, namedThings()).filter((it) => it.startsWith('process'));
    assert.equal(processes().length, 1);
    assert.match(processes()[0] ?? '', new RegExp(`^process ${child.pid}: sh -c`));
    child.stdin.end();
    await ended;
    assert.deepEqual(processes(), []);
  });
}

test('what has a name of ours counts only when it is new', (t) => {
  const known = namedThings();
  const folder = temporaryFolder(t);
  assert.deepEqual(findLeaks(folder, known), []);
  assert.deepEqual(findLeaks(folder, new Set()), [...known]);
});
