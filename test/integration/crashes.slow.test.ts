import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '#kit/testing/until.ts';
import { NetworkMode } from '#proto/banger/v1/types.ts';
import { type Vm, VmState } from '#proto/banger/v1/vm.ts';
import { outputOf } from './guest-command.ts';
import { given, resultOf } from './long-verb.ts';
import { needsVms } from './needs.ts';
import { untilNoOrphans } from './orphans.ts';
import { openVmHouse, smallVm, VM_SERVICES, type VmHouse } from './vm-house.ts';

const BOOT = ['network', 'launch', 'boot', 'publish'];
const STAGES = {
  create: ['image', 'kernel', 'lease', 'reserve', 'disks', ...BOOT],
  start: BOOT,
  stop: ['power-off', 'settle'],
  delete: ['machine', 'network', 'disks', 'images'],
} as const;
type Verb = keyof typeof STAGES;

/** How often services are killed at random; by hand: CRASHES=100 node --test crashes.slow.test.ts */
const CRASHES = Number(process.env.CRASHES ?? 5);

const VICTIM = smallVm({
  name: 'victim',
  settings: {
    vcpus: 1,
    memoryMib: 128,
    network: NetworkMode.USER,
    labels: {},
  } as NonNullable<Parameters<typeof smallVm>[0]['settings']>,
});

for (const verb of Object.keys(STAGES) as Verb[]) {
  test(`vmd ends at every boundary of "${verb} vm", and nothing is lost or left`, {
    skip: needsVms,
  }, async (t) => {
    const opened = await openVmHouse(t);
    const keeper = await opened.create({ name: 'keeper' });
    for (const stage of STAGES[verb]) {
      for (const edge of ['running', 'done']) {
        const point = `${verb} vm:${stage}:${edge}`;
        await t.test(point, () => crashAt(opened, keeper, verb, point));
      }
    }
  });
}

async function crashAt(opened: VmHouse, keeper: Vm, verb: Verb, point: string): Promise<void> {
  await prepare(opened, verb);
  await kill(opened, ['vmd']);
  const doomed = await opened.start('vmd', { env: { BANGER_CRASH_AT: point } });
  await assert.rejects(perform(opened, verb));
  assert.equal((await doomed.exited).signal, 'SIGKILL');
  await opened.start('vmd');
  await assertWhole(opened, keeper);
  await assertGoesOn(opened);
}

/** The VM that the verb needs, in the state that it needs. */
async function prepare({ vms, create }: VmHouse, verb: Verb): Promise<void> {
  if (verb === 'create') return;
  await create(VICTIM);
  if (verb === 'start') await resultOf(vms.stopVm({ vm: 'victim' }));
}

function perform({ vms }: VmHouse, verb: Verb): Promise<unknown> {
  const request = { vm: 'victim' };
  switch (verb) {
    case 'create':
      return resultOf(vms.createVm(VICTIM));
    case 'start':
      return resultOf(vms.startVm(request));
    case 'stop':
      return resultOf(vms.stopVm(request));
    case 'delete':
      return resultOf(vms.deleteVm(request));
  }
}

async function assertWhole(opened: VmHouse, keeper: Vm): Promise<void> {
  await untilNoOrphans(opened);
  assert.equal((await opened.get('keeper')).bootId, keeper.bootId);
  assert.equal((await opened.get('keeper')).pid, keeper.pid);
  const answers = () => outputOf(opened.vms, 'keeper', 'echo', 'here').catch(() => '');
  await until(async () => (await answers()) === 'here');
}

/** Whatever became of the victim, it can be used, and then deleted. */
async function assertGoesOn(opened: VmHouse): Promise<void> {
  const { vms } = await opened.vms.listVms({});
  const victim = vms.find(({ name }) => name === 'victim');
  if (victim === undefined) return;
  assert.ok(victim.state === VmState.RUNNING || victim.state === VmState.STOPPED, victim.state);
  await resultOf(opened.vms.deleteVm({ vm: 'victim' }));
}

async function kill(
  opened: VmHouse,
  names: readonly (typeof VM_SERVICES)[number][],
): Promise<void> {
  const doomed = names.map((name) => given(opened.running.get(name)));
  for (const service of doomed) service.signal('SIGKILL');
  await Promise.all(doomed.map(({ exited }) => exited));
}

test('services that are killed at random, one or all, lose nothing that runs', {
  skip: needsVms,
}, async (t) => {
  const opened = await openVmHouse(t);
  const keeper = await opened.create({ name: 'keeper' });
  for (let round = 0; round < CRASHES; round++) {
    const verb = (Object.keys(STAGES) as Verb[])[round % 4] ?? 'create';
    await prepare(opened, verb);
    const victims =
      round % 3 === 0 ? VM_SERVICES : [VM_SERVICES[round % VM_SERVICES.length] ?? 'vmd'];
    const performed = perform(opened, verb).catch(() => undefined);
    const delayMs = Math.floor(Math.random() * 2500);
    await new Promise((resolve) => void setTimeout(resolve, delayMs));
    await kill(opened, victims);
    await performed;
    for (const name of victims) await opened.start(name);
    // A verb that lost another service says so and can be repeated; vmd by itself does that every few minutes.
    if (!victims.includes('vmd')) await finishByHand(opened);
    await assertWhole(opened, keeper);
    await assertGoesOn(opened);
    t.diagnostic(`round ${round}: ${verb}, ${victims.join(' and ')} killed after ${delayMs} ms`);
  }
});

async function finishByHand({ vms }: VmHouse): Promise<void> {
  const { vms: left } = await vms.listVms({});
  const victim = left.find(({ name }) => name === 'victim');
  const request = { vm: 'victim' };
  if (victim?.state === VmState.DELETING) await resultOf(vms.deleteVm(request));
  if (victim?.state === VmState.STOPPING) await resultOf(vms.stopVm(request));
}
