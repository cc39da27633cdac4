import { ImageServiceDefinition } from '#proto/banger/v1/image.ts';
import type { Command } from '../../command.ts';
import { argumentText } from '../../input.ts';
import { readShownStages, STAGE_OPTIONS } from '../../shown-stages.ts';
import { followStages } from '../../staged.ts';

export const promote: Command = {
  description:
    "Copies a registered image's disk into banger's own store. The name stays; the file at the path is no longer needed.",
  arguments: [
    { spelling: '<image>', description: 'name, id, or the beginning of an id', completes: 'image' },
  ],
  options: [...STAGE_OPTIONS],
  examples: [{ line: 'banger image promote web', shows: 'the name' }],
  async run(context, input) {
    const { clients, out, signal } = context;
    const request = { image: argumentText(input, 0) ?? '' };
    const parts = clients.of('imaged', ImageServiceDefinition).promoteImage(request, { signal });
    const shown = readShownStages(input, 'banger image promote');
    const image = await followStages(context, parts, 'image', shown);
    out.result(image, () => image.name);
    return 0;
  },
};
