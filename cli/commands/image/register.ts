import { resolve } from 'node:path';
import { ImageServiceDefinition } from '#proto/banger/v1/image.ts';
import type { Command } from '../../command.ts';
import { argumentText } from '../../input.ts';

export const register: Command = {
  description:
    'Names an ext4 disk that lies at a path of this host. It stays there and is never written; the service must be able to read it.',
  arguments: [
    { spelling: '<name>', description: 'name of the image' },
    { spelling: '<path>', description: 'the disk', completes: 'path' },
  ],
  examples: [{ line: 'banger image register web ./web.ext4', shows: 'the name' }],
  next: 'banger image promote NAME copies it into the store',
  async run({ clients, out, cwd, signal }, input) {
    const request = {
      name: argumentText(input, 0) ?? '',
      path: resolve(cwd, argumentText(input, 1) ?? ''),
    };
    const { image } = await clients
      .of('imaged', ImageServiceDefinition)
      .registerImage(request, { signal });
    out.result(image, () => request.name);
    return 0;
  },
};
