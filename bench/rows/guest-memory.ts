import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ByHand, bootByHand, learnRecipe, type Recipe } from '../by-hand.ts';
import { readGuestMemory, readMemory } from '../process-facts.ts';
import type { Contest, Row, Sample, Scope } from '../row.ts';
import { openVmHouse, type VmHouse } from '../vm-house.ts';
import { BUSYBOX, createdVm, createRequest, finish, MEMORY_MIB } from '../vm-requests.ts';

const GUESTS = 4;
const IDLE_MS = 2000;

export const guestMemory: Row = {
  name: 'guest-memory',
  subject: "an idle machine, beyond its own pages: QEMU's PSS, and what vmd grew by",
  references: [{ name: 'the same QEMU by hand' }],
  figure: { name: 'beyond the guest', unit: 'MiB' },
  beside: { name: "the guest's own pages", unit: 'MiB' },
  rounds: 5,
  warmUps: 1,
  note: `${GUESTS} machines of the busybox image at once, two seconds after the last was ready, divided by ${GUESTS}. The guest's own pages are those that it touched of its ${MEMORY_MIB} MiB. QEMU may keep 64 MiB of translated code.`,
  prepare,
};

async function prepare(scope: Scope): Promise<Contest> {
  const house = await scope.share(openVmHouse);
  const recipe = await learnRecipe(scope, house, BUSYBOX);
  return {
    subject: () => measureVms(house),
    references: [() => measureByHand(recipe, scope.folder)],
  };
}

async function measureVms({ vms, vmdPid }: VmHouse): Promise<Sample> {
  const before = readMemory(vmdPid).pssMib;
  const made = await Promise.all(
    Array.from({ length: GUESTS }, () => createdVm(vms.createVm(createRequest(BUSYBOX)))),
  );
  await sleep(IDLE_MS);
  const grown = readMemory(vmdPid).pssMib - before;
  const { value, beside } = sampleGuests(made.map(({ pid }) => pid));
  await Promise.all(made.map(({ id: vm }) => finish(vms.deleteVm({ vm }))));
  return { value: value + grown / GUESTS, beside };
}

async function measureByHand(recipe: Recipe, folder: string): Promise<Sample> {
  await using undoing = new AsyncDisposableStack();
  const machines: ByHand[] = [];
  for (let index = 0; index < GUESTS; index += 1) {
    const machine = await bootByHand(recipe, join(folder, `by-hand-${index}`));
    undoing.defer(() => machine.kill());
    machines.push(machine);
  }
  await sleep(IDLE_MS);
  return sampleGuests(machines.map(({ pid }) => pid));
}

function sampleGuests(pids: readonly number[]): Sample {
  const memories = pids.map((pid) => readGuestMemory(pid, MEMORY_MIB));
  const mean = (values: readonly number[]) =>
    values.reduce((sum, value) => sum + value, 0) / values.length;
  return {
    value: mean(memories.map(({ beyondMib }) => beyondMib)),
    beside: mean(memories.map(({ guestMib }) => guestMib)),
  };
}
