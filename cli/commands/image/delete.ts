import { ImageServiceDefinition } from '#proto/banger/v1/image.ts';
import type { Command } from '../../command.ts';
import { argumentText } from '../../input.ts';

export const delete_: Command = {
  description: 'Removes an image. Refused while a machine is made of it.',
  arguments: [
    { spelling: '<image>', description: 'name, id, or the beginning of an id', completes: 'image' },
  ],
  examples: [{ line: 'banger image delete alpine', shows: 'frees its disk' }],
  async run({ clients, out, signal }, input) {
    const image = argumentText(input, 0) ?? '';
    await clients.of('imaged', ImageServiceDefinition).deleteImage({ image }, { signal });
    out.result({ deleted: image }, () => image);
    return 0;
  },
};
