import { KernelServiceDefinition } from '#proto/banger/v1/kernel.ts';
import type { Command } from '../../command.ts';
import { argumentTexts } from '../../input.ts';
import { deleteEach } from '../../targets.ts';

export const delete_: Command = {
  description: 'Removes kernels. One that a machine boots is refused.',
  arguments: [
    {
      spelling: '<kernel...>',
      description: 'names, ids, or beginnings of ids',
      completes: 'kernel',
    },
  ],
  examples: [
    { line: 'banger kernel delete debian-cloud', shows: 'the next machine pulls it again' },
  ],
  async run(context, input) {
    const { clients, signal } = context;
    const service = clients.of('imaged', KernelServiceDefinition);
    const { kernels: all } = await service.listKernels({}, { signal });
    const list = 'banger kernel list';
    const known = { all, noun: 'kernel', reason: 'KERNEL_NOT_FOUND', list } as const;
    return deleteEach(context, known, argumentTexts(input, 0), ({ id }) =>
      service.deleteKernel({ kernel: id }, { signal }),
    );
  },
};
