import { runStage } from '#kit/stages.ts';
import type { Origin } from '../make-image.ts';
import type { Imaged } from '../ports.ts';
import type { Recipe } from '../recipe.ts';
import { writeLayers } from './write-layers.ts';

/** The bootstrap runs while its tar is read, so it is one stage beside that of the disk. */
export function recipeOrigin(imaged: Imaged, recipe: Recipe, freeBytes: number): Origin {
  return {
    digest: recipe.digest,
    write: (call, path, report) =>
      runStage(report, 'bootstrap', async (tell) => {
        const { config, rootfs } = await imaged.recipes.build(call, recipe, tell);
        const plan = { path, identity: recipe.digest, freeBytes };
        const layers = [{ open: () => rootfs }];
        return writeLayers(imaged, call, { layers, config, plan }, report);
      }),
    [Symbol.asyncDispose]: async () => undefined,
  };
}
