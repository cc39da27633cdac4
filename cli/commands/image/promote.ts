import { ImageServiceDefinition } from '#proto/banger/v1/image.ts';
import type { Command } from '../../command.ts';
import { argumentText } from '../../input.ts';
import { PROGRESS_MODES } from '../../output/progress.ts';
import { followStages } from '../../staged.ts';
import { readProgress } from '../../vm/create.ts';

export const promote: Command = {
  description:
    "Copies a registered image's disk into banger's own store. The name stays; the file at the path is no longer needed.",
  arguments: [
    { spelling: '<image>', description: 'name, id, or the beginning of an id', completes: 'image' },
  ],
  options: [
    { spelling: '--progress <mode>', description: 'auto, plain or off', completes: PROGRESS_MODES },
  ],
  examples: [{ line: 'banger image promote web', shows: 'the name' }],
  async run(context, input) {
    const { clients, out, signal } = context;
    const request = { image: argumentText(input, 0) ?? '' };
    const parts = clients.of('imaged', ImageServiceDefinition).promoteImage(request, { signal });
    const mode = readProgress(input, 'banger image promote');
    const image = await followStages(context, parts, 'image', { mode });
    out.result(image, () => image.name);
    return 0;
  },
};
