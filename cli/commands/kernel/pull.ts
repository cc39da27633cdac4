import { KernelServiceDefinition } from '#proto/banger/v1/kernel.ts';
import type { Command } from '../../command.ts';
import { argumentText } from '../../input.ts';
import { PROGRESS_MODES } from '../../output/progress.ts';
import { followStages } from '../../staged.ts';
import { readProgress } from '../../vm/create.ts';

export const pull: Command = {
  description:
    "Makes a kernel available, by default the distribution's. A machine that needs one pulls it by itself.",
  arguments: [{ spelling: '[name]', description: 'from "banger kernel list --available"' }],
  options: [
    { spelling: '--replace', description: 'make it anew where it is here already' },
    { spelling: '--progress <mode>', description: 'auto, plain or off', completes: PROGRESS_MODES },
  ],
  examples: [{ line: 'banger kernel pull', shows: 'the default kernel' }],
  async run(context, input) {
    const request = { name: argumentText(input, 0) ?? '', replace: input.options.replace === true };
    const { clients, out, signal } = context;
    const parts = clients.of('imaged', KernelServiceDefinition).pullKernel(request, { signal });
    const mode = readProgress(input, 'banger kernel pull');
    const kernel = await followStages(context, parts, 'kernel', { mode });
    out.result(kernel, () => `${kernel.name} (${kernel.release})`);
    return 0;
  },
};
