import { drawWaterfall } from './pictures/waterfall.ts';
import type { Contest, Measure } from './row.ts';
import { medianSpans, type Span, timeStages } from './stage-times.ts';
import type { VmHouse } from './vm-house.ts';
import { awaitFirstByte, createRequest, finish, type Wanted } from './vm-requests.ts';

/** The time from asking for a machine to the first byte of its first command; beside it that of the command. */
export function measureCreate(house: VmHouse, wanted: Wanted, taken: Span[][] = []): Measure {
  return async () => {
    const startedAt = performance.now();
    const stream = house.vms.createVm(createRequest(wanted));
    const { vm, spans, readyMs } = await timeStages(stream, startedAt);
    await awaitFirstByte(house, vm.id);
    const value = performance.now() - startedAt;
    taken.push([...spans, { name: 'first command', who: 'command', from: readyMs, to: value }]);
    await finish(house.vms.deleteVm({ vm: vm.id }));
    return { value, beside: value - readyMs };
  };
}

/** The same, and a picture of where the time went. */
export function pictureCreate(
  house: VmHouse,
  wanted: Wanted,
  picture: { name: string; title: string },
): Required<Pick<Contest, 'subject' | 'pictures'>> {
  const taken: Span[][] = [];
  return {
    subject: measureCreate(house, wanted, taken),
    pictures: async () => [{ ...picture, svg: drawWaterfall(picture.title, medianSpans(taken)) }],
  };
}
