import type { Call } from '#kit/call.ts';
import type { ImageName } from '#kit/names.ts';
import type { Imaged } from './ports.ts';

export type AvailableImage = {
  readonly name: ImageName;
  readonly description: string;
  /** "recipe", or the catalogue's address. */
  readonly origin: string;
  /** 0 when not known. */
  readonly downloadBytes: number;
  readonly isPresent: boolean;
};

/** What a bare name would pull; of two with one name only the one that it would. */
export async function listAvailableImages(imaged: Imaged, call: Call): Promise<AvailableImage[]> {
  const present = new Set((await imaged.store.list()).map(({ name }) => name));
  const recipes = imaged.recipes.list().map(({ name, description }) => ({
    ...{ name, description },
    origin: 'recipe',
    downloadBytes: 0,
  }));
  const offered = (await imaged.catalogues.listReadable(call, 'image')).map((entry) => ({
    name: entry.name,
    description: entry.description,
    origin: entry.origin,
    downloadBytes: entry.sizeBytes,
  }));
  const byName = new Map([...recipes, ...offered].toReversed().map((image) => [image.name, image]));
  return [...byName.values()]
    .map((image) => ({ ...image, isPresent: present.has(image.name) }))
    .sort((a, b) => a.name.localeCompare(b.name));
}
