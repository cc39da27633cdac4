import assert from 'node:assert/strict';
import test from 'node:test';
import type { Stage } from '#kit/stages.ts';
import { digestOf } from './digest.ts';
import type { SourceLayer } from './source-image.ts';
import { trackDownload } from './track-download.ts';

function layerOf(text: string, sizeBytes: number): SourceLayer {
  const digest = digestOf(Buffer.from(text));
  return { digest, diffId: digest, mediaType: '', sizeBytes, open: async function* () {} };
}

const [ONE, TWO] = [layerOf('one', 10), layerOf('two', 30)] as const;

test('adds up blobs that come side by side, each counted once', async () => {
  const stages: Stage[] = [];
  const download = trackDownload((stage) => void stages.push(stage), [ONE, TWO, ONE]);
  download.note({ digest: ONE.digest, doneBytes: 4, totalBytes: 10 });
  download.note({ digest: TWO.digest, doneBytes: 30, totalBytes: 30 });
  assert.deepEqual(stages.at(-1)?.progress, { done: 4, total: 40, unit: 'bytes' });
  await download.end();
  const { state, detail, progress } = stages.at(-1) as Stage;
  assert.deepEqual([state, detail], ['done', '1 of 2 layers']);
  assert.deepEqual(progress, { done: 34, total: 40, unit: 'bytes' });
});

test('a download that is given up is told as failed, and throws nothing', async () => {
  const stages: Stage[] = [];
  const download = trackDownload((stage) => void stages.push(stage), [ONE]);
  await download.fail(new Error('cut'));
  assert.equal(stages.at(-1)?.state, 'failed');
});
