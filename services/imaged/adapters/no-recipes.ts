import { BangerError } from '#kit/errors.ts';
import type { Recipes } from '../domain/recipe.ts';

/** For a host on which nothing is built. */
export function noRecipes(): Recipes {
  const refuse = () => {
    throw new BangerError('NOT_IMPLEMENTED', 'images cannot be built from recipes here');
  };
  return { list: () => [], find: () => undefined, parse: refuse, build: refuse };
}
