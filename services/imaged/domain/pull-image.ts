import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import type { ImageName } from '#kit/names.ts';
import { findNearest } from '#kit/nearest.ts';
import type { Report } from '#kit/stages.ts';
import type { CatalogueEntry } from './catalogue.ts';
import type { Credentials } from './credentials.ts';
import { findExact } from './get-image.ts';
import type { Image } from './image.ts';
import { type Making, makeImage } from './make-image.ts';
import { openArchiveOrigin } from './origins/archive-origin.ts';
import { catalogueOrigin } from './origins/bundle-origin.ts';
import { recipeOrigin } from './origins/recipe-origin.ts';
import { openRegistryOrigin } from './origins/registry-origin.ts';
import type { Imaged } from './ports.ts';
import {
  nameOfSource,
  type PullSource,
  parsePullSource,
  type StreamedSource,
} from './pull-source.ts';
import type { Recipe } from './recipe.ts';
import { parseReference, type Reference } from './reference.ts';

export type PullImage = {
  /** As `parsePullSource` reads it. */
  readonly source: string;
  /** Absent: derived from the source. */
  readonly name: ImageName | undefined;
  readonly credentials: ReadonlyMap<string, Credentials>;
  readonly insecure: boolean;
  readonly replace: boolean;
  readonly ifAbsent: boolean;
  /** 0 for the default. */
  readonly freeBytes: number;
  /** What the caller streams, for a source that asks for it. */
  readonly bytes: AsyncIterable<Uint8Array>;
};

export async function pullImage(
  imaged: Imaged,
  call: Call,
  wanted: PullImage,
  report: Report,
): Promise<Image> {
  const present = wanted.ifAbsent
    ? await findPresent(imaged, wanted.name ?? wanted.source)
    : undefined;
  if (present !== undefined) return present;
  const source = parsePullSource(wanted.source);
  const found = await findSource(imaged, call, source);
  const name = wanted.name ?? nameOfFound(found) ?? nameOfSource(wanted.source, source);
  if (name === undefined) throw nameMissing(wanted.source);
  return makeImage(imaged, call, toMaking(imaged, call, { ...wanted, name }, found), report);
}

/** A word that asks for a source may as well be the name, or the id, of an image that came from anywhere. */
async function findPresent({ store }: Imaged, word: string): Promise<Image | undefined> {
  const image = findExact(await store.list(), word);
  return image?.damage === '' ? image : undefined;
}

type Found =
  | {
      readonly kind: 'registry';
      readonly reference: Reference;
      readonly instead?: Recipe;
      /** Names that the word may have been meant for. */
      readonly near?: readonly string[];
    }
  | { readonly kind: 'recipe'; readonly recipe: Recipe }
  | { readonly kind: 'catalogue'; readonly entry: CatalogueEntry }
  | StreamedSource;

/** A bare word is a recipe's or a catalogue's, and if nobody knows it, a registry's. */
async function findSource(imaged: Imaged, call: Call, source: PullSource): Promise<Found> {
  if (source.kind !== 'bare') return source;
  const recipe = imaged.recipes.find(source.word);
  if (recipe?.substitute !== undefined) {
    return { kind: 'registry', reference: recipe.substitute.reference, instead: recipe };
  }
  if (recipe !== undefined) return { kind: 'recipe', recipe };
  // Names have neither of these; a reference that does need not wait for catalogues.
  const entries = /[/:@]/.test(source.word) ? [] : await imaged.catalogues.list(call, 'image');
  const entry = entries.find((offered) => offered.name === source.word);
  if (entry !== undefined) return { kind: 'catalogue', entry };
  const reference = parseReference(source.word);
  const known = [...imaged.recipes.list(), ...entries].map(({ name }) => name);
  return { kind: 'registry', reference, near: findNearest(source.word, known) };
}

function nameOfFound(found: Found): ImageName | undefined {
  if (found.kind === 'recipe') return found.recipe.name;
  if (found.kind === 'catalogue') return found.entry.name;
  return found.kind === 'registry' ? found.instead?.name : undefined;
}

type Named = PullImage & { readonly name: ImageName };

function toMaking(imaged: Imaged, call: Call, wanted: Named, found: Found): Making {
  const { name, source, replace, ifAbsent, freeBytes, insecure } = wanted;
  const again = replace && (freeBytes !== 0 || found.kind === 'recipe');
  // Nobody else has the bytes that one caller streams.
  const bytesOf = found.kind === 'streamed' ? call.opId : '';
  const key = JSON.stringify([replace, ifAbsent, freeBytes, insecure, bytesOf]);
  return {
    ...{ name, source, replace, ifAbsent, again, key },
    async open(inner, folder, report) {
      switch (found.kind) {
        case 'registry':
          remark(report, found.instead);
          return openRegistryOrigin(imaged, inner, { ...wanted, ...found }, report).catch(
            (error: unknown) => {
              throw suggest(error, found.near);
            },
          );
        case 'recipe':
          return recipeOrigin(imaged, found.recipe, freeBytes);
        case 'catalogue':
          return catalogueOrigin(imaged, found.entry, folder);
        case 'streamed': {
          const streamed = { ...wanted, kind: found.format, tag: found.tag };
          return openArchiveOrigin(imaged, inner, { wanted: streamed, folder }, report);
        }
      }
    },
  };
}

/** Says why something else than the named recipe is coming. */
function remark(report: Report, instead: Recipe | undefined): void {
  if (instead?.substitute === undefined) return;
  const detail = `${instead.substitute.why}, so the public image comes instead`;
  report({ name: 'substitute', state: 'done', detail, elapsedMs: 0 });
}

/** Whoever mistyped a recipe's name did not mean to ask a registry. */
function suggest(error: unknown, near: readonly string[] = []): unknown {
  if (!(error instanceof BangerError) || near.length === 0) return error;
  const names = near.map((name) => `"${name}"`).join(' or ');
  return new BangerError(error.reason, `${error.message}; or did you mean ${names}?`, {
    cause: error,
    metadata: error.metadata,
  });
}

function nameMissing(source: string): BangerError {
  return new BangerError(
    'INVALID_FIELD',
    `source "${source}" has no name in it; give the image one with --name`,
    { metadata: { field: 'name' } },
  );
}
