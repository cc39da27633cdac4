import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import { parseImageName, printableName } from '#kit/names.ts';
import type { Tell } from '#kit/stages.ts';
import { digestOf } from '../../domain/digest.ts';
import type { Recipe, Recipes } from '../../domain/recipe.ts';
import { parseReference } from '../../domain/reference.ts';
import type { ImageConfig } from '../../domain/source-image.ts';
import { buildBusybox } from './busybox.ts';
import { buildDebian } from './debian.ts';
import { parseRecipeSpec } from './parse-recipe-spec.ts';
import type { RecipeSpec } from './recipe-spec.ts';
import type { ScratchTools } from './scratch-tools.ts';
import { SHIPPED_RECIPES } from './shipped-recipes.ts';

export type RecipesOptions = {
  architecture: string;
  /** A host that is not like Debian has none. */
  hasApt: boolean;
  staging: ScratchTools;
};

/** Where the distribution's own tools are missing, its official image comes closest. */
const SUBSTITUTES: Readonly<Record<string, string>> = {
  bookworm: 'docker.io/library/debian:bookworm',
};

export function createRecipes({ architecture, hasApt, staging }: RecipesOptions): Recipes {
  /** A recipe in the domain's words stands for what it says; parsed ones live as long as somebody holds them. */
  const specs = new WeakMap<Recipe, RecipeSpec>();
  const toRecipe = (spec: RecipeSpec): Recipe => {
    const recipe = describe(spec, hasApt);
    specs.set(recipe, spec);
    return recipe;
  };
  const shipped = SHIPPED_RECIPES.map(toRecipe);
  return {
    list: () => shipped,
    find: (word) => shipped.find(({ name }) => name === word),
    parse: (text) => toRecipe(parseRecipeSpec(text)),
    async build(call, recipe, tell) {
      const spec = specs.get(recipe);
      if (spec === undefined) {
        throw new BangerError(
          'IMAGE_NOT_FOUND',
          `no recipe "${printableName(recipe.name)}" is known`,
        );
      }
      return {
        config: { ...EMPTY_CONFIG, architecture },
        rootfs: buildRootfs(staging, call, spec, tell),
      };
    },
  };
}

function buildRootfs(
  staging: ScratchTools,
  call: Call,
  spec: RecipeSpec,
  tell: Tell,
): AsyncIterable<Buffer> {
  return spec.base.kind === 'busybox'
    ? buildBusybox(staging, call)
    : buildDebian(staging, call, spec, spec.base.release, tell);
}

function describe(spec: RecipeSpec, hasApt: boolean): Recipe {
  const recipe = {
    name: parseImageName(spec.name),
    description: spec.description,
    digest: digestOf(Buffer.from(JSON.stringify(spec))),
  };
  const substitute = spec.base.kind === 'debian' ? SUBSTITUTES[spec.base.release] : undefined;
  if (substitute === undefined || hasApt) return recipe;
  const reference = parseReference(substitute);
  return { ...recipe, substitute: { reference, why: 'this host has no apt' } };
}

const EMPTY_CONFIG: ImageConfig = {
  entrypoint: [],
  cmd: [],
  env: [],
  user: '',
  workingDir: '',
  exposedPorts: [],
  labels: {},
  architecture: '',
  os: 'linux',
};
