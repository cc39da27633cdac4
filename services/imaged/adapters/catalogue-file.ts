import { parseImageName } from '#kit/names.ts';
import type { CatalogueEntry } from '../domain/catalogue.ts';
import { isDigest } from '../domain/digest.ts';
import {
  isPresent,
  type JsonField,
  member,
  parseJson,
  toListOrNone,
  toSizeBytes,
  toText,
  toTextOr,
  wrongField,
} from '../domain/json-field.ts';

/**
 * Reads a catalogue: `{"version": 1, "images": [...], "kernels": [...]}`, each entry with name, description,
 * architecture, url, sha256 and sizeBytes. A URL may be relative to the catalogue's own.
 */
export function parseCatalogue(origin: string, bytes: Uint8Array): CatalogueEntry[] {
  const root = parseJson(`catalogue "${origin}"`, bytes);
  const version = member(root, 'version');
  if (version.value !== 1) throw wrongField(version, '1');
  const read = (kind: CatalogueEntry['kind']) =>
    toListOrNone(member(root, `${kind}s`)).map((field) => parseEntry(kind, origin, field));
  return [...read('image'), ...read('kernel')];
}

function parseEntry(
  kind: CatalogueEntry['kind'],
  origin: string,
  field: JsonField,
): CatalogueEntry {
  const size = member(field, 'sizeBytes');
  return {
    kind,
    name: parseImageName(toText(member(field, 'name'))),
    description: toTextOr(member(field, 'description'), ''),
    architecture: toText(member(field, 'architecture')),
    digest: parseHash(member(field, 'sha256')),
    sizeBytes: isPresent(size) ? toSizeBytes(size) : 0,
    location: locate(origin, member(field, 'url')),
    origin,
  };
}

function parseHash(field: JsonField): CatalogueEntry['digest'] {
  const digest = `sha256:${toText(field)}`;
  if (isDigest(digest)) return digest;
  throw wrongField(field, '64 lower-case hexadecimal digits');
}

/** A catalogue from the network must not name files of this host. */
function locate(origin: string, field: JsonField): string {
  const base = isUrl(origin) ? origin : `file://${origin}`;
  const text = toText(field);
  const found = URL.canParse(text, base) ? new URL(text, base) : undefined;
  if (found?.protocol === 'https:' || found?.protocol === 'http:') return found.href;
  if (found?.protocol === 'file:' && !isUrl(origin)) return decodeURIComponent(found.pathname);
  throw wrongField(field, 'an address that the catalogue may name');
}

export function isUrl(text: string): boolean {
  return /^https?:\/\//.test(text);
}
