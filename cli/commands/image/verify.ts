import { ImageServiceDefinition } from '#proto/banger/v1/image.ts';
import type { Command } from '../../command.ts';
import { argumentText } from '../../input.ts';
import { followStages } from '../../staged.ts';

export const verify: Command = {
  description: 'Reads a whole image and compares it with what was written down when it was made.',
  arguments: [
    { spelling: '<image>', description: 'name, id, or the beginning of an id', completes: 'image' },
  ],
  examples: [{ line: 'banger image verify debian-bookworm', shows: 'its name when it is whole' }],
  async run(context, input) {
    const request = { image: argumentText(input, 0) ?? '' };
    const parts = context.clients
      .of('imaged', ImageServiceDefinition)
      .verifyImage(request, { signal: context.signal });
    const image = await followStages(context, parts, 'image', { mode: 'auto' });
    context.out.result(image, () => `${image.name}: whole`);
    return 0;
  },
};
