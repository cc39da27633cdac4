import { ImageServiceDefinition } from '#proto/banger/v1/image.ts';
import type { Command } from '../../command.ts';
import { readLogins } from '../../image/credentials.ts';
import { openSource } from '../../image/source.ts';
import { streamRequest } from '../../image/stream-request.ts';
import { argumentText, optionText } from '../../input.ts';
import { readShownStages, STAGE_OPTIONS } from '../../shown-stages.ts';
import { followStages } from '../../staged.ts';

const COMMAND = 'banger image pull';

export const pull: Command = {
  description:
    'Makes an image from a registry, a recipe, an archive or standard input. A bare word is a recipe or catalogue name first, then a registry reference. Whoever asks for a name that is being pulled joins that pull.',
  arguments: [
    {
      spelling: '<source>',
      description:
        'NAME, docker://REF, oci:DIR, oci-archive:FILE, docker-archive:FILE, tar:FILE or -',
    },
  ],
  options: [
    {
      spelling: '--name <name>',
      description: 'name of the image; taken from the source when not given',
    },
    { spelling: '--replace', description: 'point the name at the new image where it exists' },
    { spelling: '--insecure', description: 'talk plain HTTP to the registry' },
    ...STAGE_OPTIONS,
  ],
  examples: [
    { line: 'banger image pull debian-bookworm', shows: 'the recipe of that name' },
    { line: 'banger image pull docker://alpine:3', shows: 'from a registry' },
    { line: 'docker save app | banger image pull --name app -', shows: 'from a pipe' },
  ],
  next: 'banger vm run --image NAME boots it',
  async run(context, input) {
    const { clients, out, env, signal } = context;
    const source = await openSource(context, argumentText(input, 0) ?? '');
    const start = {
      source: source.source,
      name: optionText(input, 'name') ?? source.name,
      credentials: source.bytes === undefined ? await readLogins(env, out.note, signal) : [],
      insecure: input.options.insecure === true,
      replace: input.options.replace === true,
    };
    const images = clients.of('imaged', ImageServiceDefinition);
    const image = await followStages(
      context,
      images.pullImage(streamRequest(start, source.bytes), { signal }),
      'image',
      readShownStages(input, COMMAND),
    );
    out.result(image, () => image.name);
    return 0;
  },
};
