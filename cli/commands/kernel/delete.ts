import { KernelServiceDefinition } from '#proto/banger/v1/kernel.ts';
import type { Command } from '../../command.ts';
import { argumentText } from '../../input.ts';

export const delete_: Command = {
  description: 'Removes a kernel. Refused while a machine boots it.',
  arguments: [
    {
      spelling: '<kernel>',
      description: 'name, id, or the beginning of an id',
      completes: 'kernel',
    },
  ],
  examples: [
    { line: 'banger kernel delete debian-cloud', shows: 'the next machine pulls it again' },
  ],
  async run({ clients, out, signal }, input) {
    const kernel = argumentText(input, 0) ?? '';
    await clients.of('imaged', KernelServiceDefinition).deleteKernel({ kernel }, { signal });
    out.result({ deleted: kernel }, () => kernel);
    return 0;
  },
};
