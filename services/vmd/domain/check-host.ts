import { availableParallelism, totalmem } from 'node:os';
import { type HostCheck, pass } from '#kit/host-check.ts';
import { formatSize } from '#kit/size.ts';

/** Rows for doctor: the machine, then what each driver says. */
export function checkHost(drivers: readonly HostCheck[]): HostCheck[] {
  return [
    pass('machine', `${availableParallelism()} processors, ${formatSize(totalmem())} of memory`),
    ...drivers,
  ];
}
