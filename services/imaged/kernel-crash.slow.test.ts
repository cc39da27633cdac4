import assert from 'node:assert/strict';
import test, { type TestContext } from 'node:test';
import { until } from '#kit/testing/until.ts';
import {
  bytesOf,
  type Following,
  isHeld,
  type KernelHouse,
  MAKINGS,
  startKernelHouse,
} from './testing/kernel-makings.ts';
import { killAt } from './testing/kill-at.ts';
import { missingTool } from './testing/run-tool.ts';
import { toolsIn } from './testing/tools-in.ts';

const skip = await missingTool('dpkg-deb', 'depmod', 'make', 'gcc', 'flex', 'bison', 'bc');

type OnStage = NonNullable<Following['onStage']>;

/** Nothing is there but what the records know, and what was there before is as it was. */
async function assertWhole(house: KernelHouse, keeper: Buffer): Promise<string[]> {
  await until(async () => (await house.list('staging')).length === 0);
  await until(async () => (await toolsIn(house.paths.state)).length === 0);
  const { kernels } = await house.kernels.listKernels({});
  assert.deepEqual((await house.list('kernels')).sort(), kernels.map(({ id }) => id).sort());
  assert.ok(keeper.equals(await bytesOf(house, 'keeper')));
  return kernels.map(({ name }) => name).filter((name) => name !== 'keeper');
}

/** Where a tool works, it is in the middle of that when the end comes. */
async function holdFor(house: KernelHouse, stage: string) {
  const nothing = async () => undefined;
  if (!isHeld(stage)) return { isReady: nothing, letGo: nothing };
  await house.hold(stage);
  return { isReady: () => house.reached(stage), letGo: () => house.letGo(stage) };
}

async function killed(t: TestContext, way: string): Promise<void> {
  const making = MAKINGS[way];
  assert.ok(making !== undefined);
  for (const stage of making.stages) {
    await t.test(`when "${stage}" has begun`, async (t) => {
      const house = await startKernelHouse(t);
      const keeper = await bytesOf(house, 'keeper');
      const { isReady, letGo } = await holdFor(house, stage);
      const verb = (onStage: OnStage) => making.make(house, { onStage });
      const ended = await killAt(house, stage, verb, isReady);
      const others = await assertWhole(house, keeper);
      if (isHeld(stage)) assert.deepEqual([ended.status, others], ['rejected', []]);
      if (ended.status === 'fulfilled') assert.deepEqual(others, [ended.value.kernel.name]);
      await letGo();
      if (others.length === 0) await making.make(house, {});
      assert.equal((await assertWhole(house, keeper)).length, 1);
    });
  }
}

async function cancelled(t: TestContext, way: string): Promise<void> {
  const making = MAKINGS[way];
  assert.ok(making !== undefined);
  const house = await startKernelHouse(t);
  const keeper = await bytesOf(house, 'keeper');
  for (const stage of making.stages) {
    await t.test(`when "${stage}" has begun`, async () => {
      const { isReady, letGo } = await holdFor(house, stage);
      const leaving = new AbortController();
      const { signal } = leaving;
      let left: Promise<void> | undefined;
      const onStage: OnStage = ({ name }) => {
        if (name === stage) left ??= isReady().then(() => leaving.abort());
      };
      await assert.rejects(making.make(house, { onStage, signal }));
      await left;
      await until(async () => {
        const { operations } = await house.operations.listOperations({});
        return operations.every(({ state }) => state !== 'OPERATION_STATE_RUNNING');
      });
      const [other] = await assertWhole(house, keeper);
      if (isHeld(stage)) assert.equal(other, undefined);
      if (other !== undefined) await house.kernels.deleteKernel({ kernel: other });
      await letGo();
    });
  }
  await making.make(house, {});
  assert.equal((await assertWhole(house, keeper)).length, 1);
}

for (const way of Object.keys(MAKINGS)) {
  test(`imaged is killed while a kernel comes by ${way}, and starts clean`, { skip }, (t) =>
    killed(t, way),
  );
  test(`a kernel that comes by ${way} is cancelled, and nothing of it is left`, { skip }, (t) =>
    cancelled(t, way),
  );
}
