import { availableParallelism, totalmem } from 'node:os';
import { type HostCheck, pass } from '#kit/host-check.ts';
import { formatSize } from '#kit/size.ts';

export async function checkHost(): Promise<HostCheck[]> {
  return [
    pass('machine', `${availableParallelism()} processors, ${formatSize(totalmem())} of memory`),
  ];
}
