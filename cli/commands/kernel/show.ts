import { KernelServiceDefinition } from '#proto/banger/v1/kernel.ts';
import type { Command } from '../../command.ts';
import { argumentText } from '../../input.ts';

export const show: Command = {
  description: 'All that is known of one kernel, as JSON.',
  arguments: [
    {
      spelling: '<kernel>',
      description: 'name, id, or the beginning of an id',
      completes: 'kernel',
    },
  ],
  examples: [{ line: 'banger kernel show debian-cloud', shows: 'release, source, digest' }],
  async run({ clients, out, signal }, input) {
    const request = { kernel: argumentText(input, 0) ?? '' };
    const { kernel } = await clients
      .of('imaged', KernelServiceDefinition)
      .getKernel(request, { signal });
    out.result(kernel, () => JSON.stringify(kernel, null, 2));
    return 0;
  },
};
