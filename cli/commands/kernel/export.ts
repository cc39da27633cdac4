import { KernelServiceDefinition } from '#proto/banger/v1/kernel.ts';
import type { Command } from '../../command.ts';
import { saveBundle } from '../../image/save-bundle.ts';
import { argumentText, optionText } from '../../input.ts';

export const export_: Command = {
  description:
    'Writes a kernel as a bundle: one compressed file of all its parts, for another machine or a catalogue.',
  arguments: [
    {
      spelling: '<kernel>',
      description: 'name, id, or the beginning of an id',
      completes: 'kernel',
    },
  ],
  options: [
    {
      spelling: '-o, --output <file>',
      description: 'standard output when not given',
      completes: 'path',
    },
  ],
  examples: [
    { line: 'banger kernel export banger-6.1 -o kernel.tar.zst', shows: 'the file and its size' },
  ],
  next: 'banger kernel import NAME FILE takes it',
  async run(context, input) {
    const request = { kernel: argumentText(input, 0) ?? '' };
    const { clients, signal } = context;
    const chunks = clients.of('imaged', KernelServiceDefinition).exportKernel(request, { signal });
    await saveBundle(context, chunks, optionText(input, 'output'), 'banger kernel export');
    return 0;
  },
};
