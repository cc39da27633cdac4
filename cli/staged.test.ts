import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { BangerError } from '#kit/errors.ts';
import { failsWith } from '#kit/testing/fails-with.ts';
import { Stage, StageState } from '#proto/banger/v1/types.ts';
import { createOutput } from './output/output.ts';
import type { ShownStages } from './shown-stages.ts';
import { followStages } from './staged.ts';

const stage = (name: string, elapsedMs: number) => ({
  part: {
    $case: 'stage' as const,
    value: Stage.fromPartial({ name, elapsedMs, state: StageState.DONE }),
  },
});
const vm = { part: { $case: 'vm' as const, value: 'web' } };

/** What is said of these parts, and what comes of them. */
async function follow(
  parts: AsyncIterable<ReturnType<typeof stage> | typeof vm>,
  shown: ShownStages,
) {
  const stderr = new PassThrough() as unknown as NodeJS.WriteStream;
  const options = { json: false, quiet: false, color: false };
  const out = createOutput({ stdout: stderr, stderr }, options);
  const done = (name: string) => `${name} is ready`;
  const following = followStages({ out, env: {} }, parts, 'vm', { ...shown, done });
  const result = await following.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  stderr.end();
  return { ...result, said: await text(stderr) };
}

async function* boot(error?: Error) {
  yield stage('disks', 100);
  yield stage('boot', 900);
  if (error !== undefined) throw error;
  yield vm;
}

test('with --timing each stage has its bar, though nothing else is said', async () => {
  const followed = await follow(boot(), { mode: 'auto', timing: true });
  assert.equal('value' in followed && followed.value, 'web');
  assert.match(followed.said, /^disks {2,}#+ +100ms\nboot +#+ +900ms\n$/);
  assert.equal((await follow(boot(), { mode: 'auto' })).said, '');
});

test('where the time went is told of a verb that failed, too, and its error is the error', async () => {
  const late = new BangerError('BOOT_TIMEOUT', 'not in time');
  const followed = await follow(boot(late), { mode: 'plain', timing: true });
  assert.ok('error' in followed && failsWith('BOOT_TIMEOUT', /not in time/)(followed.error));
  assert.match(followed.said, /^disks .*\nboot .*\ndisks {2,}#+.*\nboot +#+ +900ms\n$/);
});
