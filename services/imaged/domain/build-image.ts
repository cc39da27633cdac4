import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import { type ImageName, printableName } from '#kit/names.ts';
import { findNearest } from '#kit/nearest.ts';
import type { Report } from '#kit/stages.ts';
import type { Image } from './image.ts';
import { makeImage } from './make-image.ts';
import { recipeOrigin } from './origins/recipe-origin.ts';
import type { Imaged } from './ports.ts';
import type { Recipe, Recipes } from './recipe.ts';
import { formatReference } from './reference.ts';

export type BuildImage = {
  /** Absent: the recipe's own. */
  readonly name: ImageName | undefined;
  readonly recipe: { readonly name: string } | { readonly text: string };
  readonly replace: boolean;
  readonly freeBytes: number;
};

/** Builds an image from a recipe that banger ships, or from the caller's own. */
export function buildImage(
  imaged: Imaged,
  call: Call,
  wanted: BuildImage,
  report: Report,
): Promise<Image> {
  const recipe = getRecipe(imaged.recipes, wanted.recipe);
  if (recipe.substitute !== undefined) throw cannotBuild(recipe.name, recipe.substitute);
  const { replace, freeBytes } = wanted;
  const making = {
    name: wanted.name ?? recipe.name,
    source: `recipe:${recipe.name}`,
    replace,
    ifAbsent: false,
    again: replace,
    key: JSON.stringify([recipe.digest, replace, freeBytes]),
    open: async () => recipeOrigin(imaged, recipe, freeBytes),
  };
  return makeImage(imaged, call, making, report);
}

function getRecipe(recipes: Recipes, wanted: BuildImage['recipe']): Recipe {
  if ('text' in wanted) return recipes.parse(wanted.text);
  const found = recipes.find(wanted.name);
  if (found !== undefined) return found;
  const names = recipes.list().map(({ name }) => name);
  const near = findNearest(wanted.name, names).map((name) => `"${name}"`);
  const hint =
    near.length === 0 ? 'see: banger image list --available' : `did you mean ${near.join(' or ')}?`;
  throw new BangerError('IMAGE_NOT_FOUND', `no recipe "${printableName(wanted.name)}"; ${hint}`, {
    metadata: { recipe: printableName(wanted.name) },
  });
}

function cannotBuild(
  name: ImageName,
  { why, reference }: NonNullable<Recipe['substitute']>,
): BangerError {
  return new BangerError(
    'HOST_NOT_READY',
    `"${name}" cannot be built, because ${why}; the public image comes closest: banger image pull ${formatReference(reference)}`,
    { metadata: { recipe: name } },
  );
}
