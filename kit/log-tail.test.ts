import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { openLogFile } from './log-file.ts';
import { readLog, readLogTail } from './log-tail.ts';
import { temporaryFolder } from './testing/temporary-folder.ts';

const forever = () => new AbortController().signal;

async function readAll(path: string, tailLines: number): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of readLog(path, { tailLines, follow: false }, forever())) parts.push(part);
  return Buffer.concat(parts).toString();
}

test('the last lines are read, or all of them', async (t) => {
  const path = join(temporaryFolder(t), 'log');
  const write = openLogFile(path, 1000);
  for (const line of ['one\n', 'two\n', 'three\n']) write(line);
  assert.equal(await readAll(path, 2), 'two\nthree\n');
  assert.equal(await readAll(path, 0), 'one\ntwo\nthree\n');
});

test('a tail reaches into the part before the last turn-over', async (t) => {
  const path = join(temporaryFolder(t), 'log');
  const write = openLogFile(path, 8);
  for (const line of ['one\n', 'two\n', 'three\n']) write(line);
  assert.equal(await readLogTail(path, 100), 'one\ntwo\nthree\n');
});

test('a log that is not there is empty', async (t) => {
  assert.equal(await readAll(join(temporaryFolder(t), 'none'), 0), '');
});

test('following shows what is appended, also after a turn-over, until it is aborted', async (t) => {
  const path = join(temporaryFolder(t), 'log');
  const write = openLogFile(path, 8);
  write('one\n');
  const left = new AbortController();
  const seen: string[] = [];
  const following = (async () => {
    for await (const part of readLog(path, { tailLines: 0, follow: true }, left.signal)) {
      seen.push(Buffer.from(part).toString());
      if (seen.length === 1) write('two\n');
      if (seen.length === 2) write('three\n');
      if (seen.join('').includes('three')) left.abort();
    }
  })();
  await assert.rejects(following, { name: 'AbortError' });
  assert.equal(seen.join(''), 'one\ntwo\nthree\n');
});
