import { BangerError } from '#kit/errors.ts';
import { printableName } from '#kit/names.ts';
import { findNearest } from '#kit/nearest.ts';
import type { Image } from './image.ts';
import type { Imaged } from './ports.ts';

const SHORTEST_PREFIX = 4;

/** The image that a person means by a name, an id, or a unique prefix of an id. */
export async function getImage(imaged: Imaged, reference: string): Promise<Image> {
  const images = await imaged.store.list();
  const exact = findExact(images, reference);
  if (exact !== undefined) return exact;
  const candidates =
    reference.length < SHORTEST_PREFIX ? [] : images.filter(({ id }) => id.startsWith(reference));
  const [only, second] = candidates;
  if (only === undefined) throw imageNotFound(reference, images);
  if (second !== undefined) throw ambiguous(reference, candidates);
  return only;
}

/** A name comes before an id: names are what people choose. */
export function findExact(images: readonly Image[], reference: string): Image | undefined {
  return images.find(({ name }) => name === reference) ?? images.find(({ id }) => id === reference);
}

function imageNotFound(reference: string, images: readonly Image[]): BangerError {
  const shown = printableName(reference);
  const near = findNearest(
    reference,
    images.map(({ name }) => name),
  );
  const names = near.map((name) => `"${name}"`).join(' or ');
  const hint = near.length === 0 ? 'see: banger image list; or pull it' : `did you mean ${names}?`;
  return new BangerError('IMAGE_NOT_FOUND', `no image "${shown}"; ${hint}`, {
    metadata: { image: shown },
  });
}

function ambiguous(reference: string, candidates: readonly Image[]): BangerError {
  const names = candidates.map(({ id, name }) => `${name} (${id})`);
  return new BangerError(
    'INVALID_REFERENCE',
    `"${reference}" is the beginning of several ids: ${names.join(', ')}; write more of it, or a name`,
    { metadata: { image: reference } },
  );
}
