import { formatSize } from '#kit/size.ts';
import { ImageServiceDefinition } from '#proto/banger/v1/image.ts';
import type { Command } from '../../command.ts';
import { argumentText } from '../../input.ts';
import { UsageError } from '../../output/error.ts';

const ACTIONS = ['show', 'prune'] as const;

export const cache: Command = {
  description:
    'Layers that were downloaded are kept, so that the next pull of a related image is short. Images do not need them.',
  arguments: [
    { spelling: '[action]', description: 'show, or prune to empty it', completes: ACTIONS },
  ],
  options: [{ spelling: '--dry-run', description: 'say what prune would free, and leave it' }],
  examples: [
    { line: 'banger image cache', shows: 'where it is and what it takes' },
    { line: 'banger image cache prune --dry-run', shows: 'what would be freed' },
  ],
  async run({ clients, out, signal }, input) {
    const images = clients.of('imaged', ImageServiceDefinition);
    const action = argumentText(input, 0) ?? 'show';
    const dryRun = input.options.dryRun === true;
    if (action === 'prune') {
      const pruned = await images.pruneImageCache({ dryRun }, { signal });
      const verb = dryRun ? 'would free' : 'freed';
      out.result(pruned, () => `${verb} ${formatSize(pruned.freedBytes)}, blobs: ${pruned.blobs}`);
      return 0;
    }
    if (action !== 'show')
      throw new UsageError(
        `the action is ${ACTIONS.join(' or ')}, not "${action}"`,
        'banger image cache',
      );
    const used = await images.getImageCache({}, { signal });
    const text = `${formatSize(used.allocatedBytes)}, blobs: ${used.blobs}, in ${used.path}`;
    out.result(used, () => text);
    return 0;
  },
};
