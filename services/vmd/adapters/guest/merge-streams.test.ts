import assert from 'node:assert/strict';
import { PassThrough, Readable } from 'node:stream';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { mergeStreams } from './merge-streams.ts';

async function textOf(streams: Record<'out' | 'err', AsyncIterable<Buffer>>) {
  const texts = { out: '', err: '' };
  for await (const { stream, data } of mergeStreams(streams)) texts[stream] += data.toString();
  return texts;
}

test('both streams come to their ends, each in its own order', async () => {
  const out = Readable.from(['1', '2', '3'].map((text) => Buffer.from(text)));
  const err = Readable.from(['a', 'b'].map((text) => Buffer.from(text)));
  assert.deepEqual(await textOf({ out, err }), { out: '123', err: 'ab' });
});

test('a stream that is silent holds nobody up', async () => {
  const err = new PassThrough();
  const merged = mergeStreams({ out: Readable.from([Buffer.from('x')]), err });
  assert.deepEqual(await merged.next(), {
    done: false,
    value: { stream: 'out', data: Buffer.from('x') },
  });
  err.end();
  assert.equal((await merged.next()).done, true);
});

test('a stream that fails ends the whole with its error', async () => {
  const err = new PassThrough();
  const failed = textOf({ out: new PassThrough(), err });
  err.destroy(new Error('channel lost'));
  await assert.rejects(failed, /channel lost/);
});

test('what went through is not kept because the other stream stays silent', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const seen: WeakRef<Buffer>[] = [];
  async function* out() {
    for (let at = 0; at < 100; at++) yield Buffer.alloc(1024);
  }
  const err = new PassThrough();
  for await (const { data } of mergeStreams({ out: out(), err })) {
    seen.push(new WeakRef(data as Buffer));
    if (seen.length === 100) err.end();
  }
  await new Promise(setImmediate);
  collect();
  const kept = seen.filter((ref) => ref.deref() !== undefined).length;
  assert.ok(kept < 10, `${kept} of 100 pieces are still held`);
});
