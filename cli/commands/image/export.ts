import { ImageServiceDefinition } from '#proto/banger/v1/image.ts';
import type { Command } from '../../command.ts';
import { saveBundle } from '../../image/save-bundle.ts';
import { argumentText, optionText } from '../../input.ts';

export const export_: Command = {
  description:
    'Writes an image as a bundle: one compressed file of its disk and what is known of it, for another machine or a catalogue.',
  arguments: [
    { spelling: '<image>', description: 'name, id, or the beginning of an id', completes: 'image' },
  ],
  options: [
    {
      spelling: '-o, --output <file>',
      description: 'standard output when not given',
      completes: 'path',
    },
  ],
  examples: [
    { line: 'banger image export web -o web.tar.zst', shows: 'the file and its size' },
    { line: 'banger image export web | ssh box banger image import -', shows: 'the copy there' },
  ],
  next: 'banger image import FILE takes it',
  async run(context, input) {
    const request = { image: argumentText(input, 0) ?? '' };
    const { clients, signal } = context;
    const chunks = clients.of('imaged', ImageServiceDefinition).exportImage(request, { signal });
    await saveBundle(context, chunks, optionText(input, 'output'), 'banger image export');
    return 0;
  },
};
