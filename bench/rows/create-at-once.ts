import { availableParallelism } from 'node:os';
import { drawScaling } from '../pictures/scaling.ts';
import type { Contest, Row, Sample, Scope } from '../row.ts';
import { openVmHouse, type VmHouse } from '../vm-house.ts';
import { awaitFirstByte, BUSYBOX, createdVm, createRequest, finish } from '../vm-requests.ts';

const MOST = 8;
/** Creates of the picture, for each number at once: the best of them, because other load only ever adds. */
const TRIES = 2;

export const createAtOnce: Row = {
  name: 'create-at-once',
  subject: `${MOST} machines made and booted at once, until each has written its first byte`,
  references: [{ name: `one create, times ${MOST}, divided by processors`, atMost: 1 }],
  figure: { name: 'wall', unit: 'ms' },
  beside: { name: 'first of them', unit: 'ms' },
  rounds: 5,
  warmUps: 1,
  note: `The busybox image with one processor and 256 MiB each. For the picture, 1 to ${MOST} at once are made ${TRIES} times each, and the better time is drawn.`,
  prepare,
};

async function prepare(scope: Scope): Promise<Contest> {
  const house = await scope.share(openVmHouse);
  const share = MOST / availableParallelism();
  return {
    subject: () => createMany(house, MOST),
    references: [
      async () => {
        const { value, beside } = await createMany(house, 1);
        return { value: value * share, beside };
      },
    ],
    pictures: async (signal) => [
      {
        name: 'create-scaling',
        title: SCALING,
        svg: await drawMany(house, signal),
      },
    ],
  };
}

const SCALING = `How long 1 to ${MOST} creates at once take`;

async function createMany(house: VmHouse, count: number): Promise<Sample> {
  const { vms } = house;
  const startedAt = performance.now();
  const made: string[] = [];
  const createOne = async () => {
    const { id } = await createdVm(vms.createVm(createRequest(BUSYBOX)));
    made.push(id);
    await awaitFirstByte(house, id);
    return performance.now() - startedAt;
  };
  const ends = await Promise.allSettled(Array.from({ length: count }, createOne));
  await Promise.all(made.map((vm) => finish(vms.deleteVm({ vm }))));
  const times = ends.map((end) => {
    if (end.status === 'rejected') throw end.reason;
    return end.value;
  });
  return { value: Math.max(...times), beside: Math.min(...times) };
}

async function drawMany(house: VmHouse, signal: AbortSignal): Promise<string> {
  const tookMs: number[] = [];
  for (let count = 1; count <= MOST; count += 1) {
    let best = Number.POSITIVE_INFINITY;
    for (let tried = 0; tried < TRIES; tried += 1) {
      signal.throwIfAborted();
      best = Math.min(best, (await createMany(house, count)).value);
    }
    tookMs.push(best);
  }
  const one = tookMs[0] ?? 0;
  const processors = availableParallelism();
  // Fewer machines than processors cannot be quicker than one.
  const idealMs = tookMs.map((_, index) => one * Math.max(1, (index + 1) / processors));
  return drawScaling({ title: SCALING, tookMs, idealMs });
}
