import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { Stage, StageState } from '#proto/banger/v1/types.ts';
import { Vm } from '#proto/banger/v1/vm.ts';
import type { Input } from '../command.ts';
import type { Context } from '../context.ts';
import { createOutput } from '../output/output.ts';
import { STAGE_OPTIONS } from '../shown-stages.ts';
import { manyVms } from './many.ts';

const VMS = ['web', 'db'].map((name, at) => Vm.fromPartial({ id: `${at}`.repeat(16), name }));

async function* boot(vm: Vm) {
  const stage = Stage.fromPartial({ name: 'boot', state: StageState.DONE, elapsedMs: 5 });
  yield { part: { $case: 'stage' as const, value: stage } };
  yield { part: { $case: 'vm' as const, value: vm } };
}

/** What a verb with these options prints, and what it says beside that. */
async function run(names: readonly string[], given: Input['options'], { takesTime = true } = {}) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()] as unknown as [
    NodeJS.WriteStream,
    NodeJS.WriteStream,
  ];
  const out = createOutput({ stdout, stderr }, { json: false, quiet: false, color: false });
  const clients = { of: () => ({ listVms: async () => ({ vms: VMS }) }) };
  const context = { clients, out, env: {} } as unknown as Context;
  const about = { description: '', examples: [], options: takesTime ? STAGE_OPTIONS : [] };
  const verb = manyVms(about, (_vms, vm) => boot(vm));
  const code = await verb.run(context, { arguments: [names], options: given, rest: undefined });
  stdout.end();
  stderr.end();
  const [printed, said] = await Promise.all([text(stdout), text(stderr)]);
  return { code, printed, said };
}

test('stages of one machine have their own names, of several the machine’s before it', async () => {
  const options = { progress: 'plain' };
  const one = await run(['web'], options);
  assert.deepEqual([one.code, one.printed], [0, 'web\n']);
  assert.match(one.said, /^boot +5ms\n$/);
  const two = await run(['db', 'web'], options);
  assert.equal(two.printed, 'db\nweb\n');
  assert.match(two.said, /^db: boot +5ms\nweb: boot +5ms\n$/);
});

test('--timing has a bar for each machine, and a verb that takes no time shows no stages', async () => {
  assert.match((await run(['web', 'db'], { timing: true })).said, /^web: boot +#+ +5ms\ndb: boot/);
  const short = await run(['web'], { progress: 'plain' }, { takesTime: false });
  assert.deepEqual(short, { code: 0, printed: 'web\n', said: '' });
});
