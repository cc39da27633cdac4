import { ImageServiceDefinition } from '#proto/banger/v1/image.ts';
import type { Command } from '../../command.ts';
import { argumentText } from '../../input.ts';

export const show: Command = {
  description: 'All that is known of one image, as JSON: source, sizes, what it runs and as whom.',
  arguments: [
    { spelling: '<image>', description: 'name, id, or the beginning of an id', completes: 'image' },
  ],
  examples: [
    { line: 'banger image show debian-bookworm | jq .config', shows: 'what it would run' },
  ],
  async run({ clients, out, signal }, input) {
    const request = { image: argumentText(input, 0) ?? '' };
    const { image } = await clients
      .of('imaged', ImageServiceDefinition)
      .getImage(request, { signal });
    out.result(image, () => JSON.stringify(image, null, 2));
    return 0;
  },
};
