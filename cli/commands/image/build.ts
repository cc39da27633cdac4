import { buffer } from 'node:stream/consumers';
import { ImageServiceDefinition } from '#proto/banger/v1/image.ts';
import type { Command } from '../../command.ts';
import type { Context } from '../../context.ts';
import { openFile } from '../../image/open-file.ts';
import { argumentText, optionText } from '../../input.ts';
import { readShownStages, STAGE_OPTIONS } from '../../shown-stages.ts';
import { followStages } from '../../staged.ts';

export const build: Command = {
  description:
    "Builds an image from a recipe: one that banger ships, or a file of your own (docs/images.md says what may be in it). Packages come from wherever this host's apt gets its own.",
  arguments: [
    {
      spelling: '<recipe>',
      description: 'a name, a file such as ./tools.toml, or -',
      completes: 'path',
    },
  ],
  options: [
    { spelling: '--name <name>', description: "name of the image; the recipe's when not given" },
    { spelling: '--replace', description: 'build it anew where it is here already' },
    ...STAGE_OPTIONS,
  ],
  examples: [
    { line: 'banger image build debian-bookworm', shows: 'package by package, then the image' },
    { line: 'banger image build ./tools.toml --replace', shows: 'the same of your own recipe' },
  ],
  next: 'banger vm run --image NAME boots it',
  async run(context, input) {
    const { clients, out, signal } = context;
    const request = {
      name: optionText(input, 'name') ?? '',
      recipe: await readRecipe(context, argumentText(input, 0) ?? ''),
      replace: input.options.replace === true,
    };
    const parts = clients.of('imaged', ImageServiceDefinition).buildImage(request, { signal });
    const shown = readShownStages(input, 'banger image build');
    const image = await followStages(context, parts, 'image', shown);
    out.result(image, () => image.name);
    return 0;
  },
};

/** What looks like a file is one; a recipe's name has neither a slash nor a dot in it. */
async function readRecipe(context: Context, word: string) {
  if (word !== '-' && !/[/.]/.test(word)) return { $case: 'recipeName' as const, value: word };
  const text = (await buffer(await openFile(context, word))).toString();
  return { $case: 'recipeText' as const, value: text };
}
