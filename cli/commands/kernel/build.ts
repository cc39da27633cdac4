import { KernelServiceDefinition } from '#proto/banger/v1/kernel.ts';
import type { Command } from '../../command.ts';
import { argumentText } from '../../input.ts';
import { readShownStages, STAGE_OPTIONS } from '../../shown-stages.ts';
import { followStages } from '../../staged.ts';

export const build: Command = {
  description:
    "Builds banger's own kernel from the distribution's source package: everything a sandbox needs is built in, and machines boot in half the time. Takes minutes and, while it does, 4 GiB of disk. Machines made afterwards boot it unless they name another.",
  arguments: [{ spelling: '[name]', description: 'banger-6.1 when not given' }],
  options: [
    { spelling: '--replace', description: 'build it anew where it is here already' },
    ...STAGE_OPTIONS,
  ],
  examples: [{ line: 'banger kernel build', shows: 'what is being compiled, then the kernel' }],
  next: 'banger vm create boots it, banger kernel export shares it',
  async run(context, input) {
    const request = { name: argumentText(input, 0) ?? '', replace: input.options.replace === true };
    const { clients, out, signal } = context;
    const parts = clients.of('imaged', KernelServiceDefinition).buildKernel(request, { signal });
    const shown = readShownStages(input, 'banger kernel build');
    const kernel = await followStages(context, parts, 'kernel', shown);
    out.result(kernel, () => `${kernel.name} (${kernel.release})`);
    return 0;
  },
};
