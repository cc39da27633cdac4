import { corrupt } from '../../domain/corrupt.ts';

/**
 * What an entry's name means by the OCI image layer format. Layers can only add, so they remove by
 * names that begin with ".wh.", which no file of an image can have.
 */
export type Whiteout =
  | { readonly kind: 'none' }
  /** Removes its sibling `name` of earlier layers. */
  | { readonly kind: 'remove'; readonly name: string }
  /** Empties its folder of what earlier layers put there. */
  | { readonly kind: 'opaque' }
  /** AUFS kept its own records under such names; they are no part of the image. */
  | { readonly kind: 'ignored' };

const NONE: Whiteout = { kind: 'none' };

export function parseWhiteout(names: readonly string[]): Whiteout {
  if (names.some((name) => name.startsWith('.wh..wh.') && name !== '.wh..wh..opq')) {
    return { kind: 'ignored' };
  }
  const marked = names.findIndex((name) => name.startsWith('.wh.'));
  if (marked === -1) return NONE;
  if (marked < names.length - 1) throw corrupt('lies in a folder that is a whiteout');
  const name = (names[marked] as string).slice(4);
  if (name === '.wh..opq') return { kind: 'opaque' };
  if (name === '' || name === '.' || name === '..') throw corrupt('is a whiteout of no file');
  return { kind: 'remove', name };
}
