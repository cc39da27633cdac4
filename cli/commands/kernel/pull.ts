import { KernelServiceDefinition } from '#proto/banger/v1/kernel.ts';
import type { Command } from '../../command.ts';
import { argumentText } from '../../input.ts';
import { readShownStages, STAGE_OPTIONS } from '../../shown-stages.ts';
import { followStages } from '../../staged.ts';

export const pull: Command = {
  description:
    "Makes a kernel available, by default the distribution's. A machine that needs one pulls it by itself.",
  arguments: [{ spelling: '[name]', description: 'from "banger kernel list --available"' }],
  options: [
    { spelling: '--replace', description: 'make it anew where it is here already' },
    ...STAGE_OPTIONS,
  ],
  examples: [{ line: 'banger kernel pull', shows: 'the default kernel' }],
  async run(context, input) {
    const request = { name: argumentText(input, 0) ?? '', replace: input.options.replace === true };
    const { clients, out, signal } = context;
    const parts = clients.of('imaged', KernelServiceDefinition).pullKernel(request, { signal });
    const shown = readShownStages(input, 'banger kernel pull');
    const kernel = await followStages(context, parts, 'kernel', shown);
    out.result(kernel, () => `${kernel.name} (${kernel.release})`);
    return 0;
  },
};
