import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Writeback } from './writeback.ts';

const STEP_BYTES = 64 * 2 ** 20;

/** A file whose syncs end when the test says so. */
function makeFile() {
  const syncs: PromiseWithResolvers<void>[] = [];
  const datasync = () => {
    const sync = Promise.withResolvers<void>();
    syncs.push(sync);
    return sync.promise;
  };
  return { syncs, datasync };
}

test('a sync begins with each 64 MiB, and none while another is under way', async () => {
  const file = makeFile();
  const writeback = new Writeback(file);
  writeback.note(STEP_BYTES - 1);
  assert.equal(file.syncs.length, 0);
  writeback.note(1);
  writeback.note(STEP_BYTES);
  assert.equal(file.syncs.length, 1);
  file.syncs[0]?.resolve();
  await writeback.settle();
  writeback.note(1);
  assert.equal(file.syncs.length, 2);
  file.syncs[1]?.resolve();
  await writeback.settle();
});

test('a write that failed in the kernel is told by the next note and at the end', async () => {
  const file = makeFile();
  const writeback = new Writeback(file);
  const failure = new Error('the disk is broken');
  writeback.note(STEP_BYTES);
  file.syncs[0]?.reject(failure);
  await assert.rejects(writeback.settle(), failure);
  assert.throws(() => writeback.note(1), failure);
});
