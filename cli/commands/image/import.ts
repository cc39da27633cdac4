import { ImageServiceDefinition } from '#proto/banger/v1/image.ts';
import type { Command } from '../../command.ts';
import { openFile } from '../../image/open-file.ts';
import { streamRequest } from '../../image/stream-request.ts';
import { argumentText, optionText } from '../../input.ts';
import { readShownStages, STAGE_OPTIONS } from '../../shown-stages.ts';
import { followStages } from '../../staged.ts';

export const import_: Command = {
  description: 'Takes an image out of a bundle that "banger image export" made.',
  arguments: [
    { spelling: '<file>', description: 'the bundle, or - for a pipe', completes: 'path' },
  ],
  options: [
    { spelling: '--name <name>', description: "name of the image; the bundle's when not given" },
    {
      spelling: '--digest <digest>',
      description: 'refuse a bundle that hashes to another "sha256:…"',
    },
    { spelling: '--replace', description: 'point the name at the new image where it exists' },
    ...STAGE_OPTIONS,
  ],
  examples: [{ line: 'banger image import web.tar.zst', shows: 'the name of the image' }],
  next: 'banger vm run --image NAME boots it',
  async run(context, input) {
    const { clients, out, signal } = context;
    const bytes = await openFile(context, argumentText(input, 0) ?? '');
    const start = {
      name: optionText(input, 'name') ?? '',
      digest: optionText(input, 'digest') ?? '',
      replace: input.options.replace === true,
    };
    const parts = clients
      .of('imaged', ImageServiceDefinition)
      .importImage(streamRequest(start, bytes), { signal });
    const shown = readShownStages(input, 'banger image import');
    const image = await followStages(context, parts, 'image', shown);
    out.result(image, () => image.name);
    return 0;
  },
};
