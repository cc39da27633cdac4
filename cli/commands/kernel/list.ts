import { formatSize } from '#kit/size.ts';
import {
  type AvailableKernel,
  type Kernel,
  KernelServiceDefinition,
} from '#proto/banger/v1/kernel.ts';
import type { Command } from '../../command.ts';
import { ageOf } from '../../image/json.ts';
import type { Table } from '../../output/table.ts';

export const list: Command = {
  description: 'The kernels that are here, or those that can be had.',
  options: [{ spelling: '--available', description: 'what can be pulled or built instead' }],
  examples: [{ line: 'banger kernel list', shows: 'name, release, size' }],
  async run({ clients, out, signal }, { options }) {
    const service = clients.of('imaged', KernelServiceDefinition);
    if (options.available === true) {
      const { kernels } = await service.listAvailableKernels({}, { signal });
      out.rows(kernels, AVAILABLE_TABLE, (kernel) => kernel);
      return 0;
    }
    const { kernels } = await service.listKernels({}, { signal });
    const none = 'no kernels yet; the first machine pulls one, or: banger kernel pull';
    out.rows(kernels, TABLE, (kernel) => kernel, none);
    return 0;
  },
};

const TABLE: Table<Kernel> = [
  { title: 'NAME', text: ({ name }) => name },
  { title: 'RELEASE', text: ({ release }) => release },
  { title: 'ON DISK', text: ({ allocatedBytes }) => formatSize(allocatedBytes), align: 'right' },
  { title: 'SOURCE', text: ({ source }) => source, shrinks: true },
  { title: 'VMS', text: ({ vmIds }) => String(vmIds.length), align: 'right' },
  { title: 'AGE', text: ({ createdAt }) => ageOf(createdAt), align: 'right' },
];

const AVAILABLE_TABLE: Table<AvailableKernel> = [
  { title: 'NAME', text: ({ name }) => name },
  { title: 'HERE', text: ({ present }) => (present ? 'yes' : 'no') },
  { title: 'ORIGIN', text: ({ origin }) => origin },
  { title: 'DESCRIPTION', text: ({ description }) => description, shrinks: true },
];
