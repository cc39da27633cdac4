import { BangerError } from '#kit/errors.ts';
import { type ImageName, parseImageName, printableName } from '#kit/names.ts';
import { digestHex } from './digest.ts';
import { parseReference, type Reference } from './reference.ts';

/** Where an image is to come from, as the user spelled it; paths are the user's and not yet looked at. */
export type ImageSource =
  | { readonly kind: 'registry'; readonly reference: Reference }
  | { readonly kind: 'oci'; readonly path: string; readonly tag: string | undefined }
  | { readonly kind: 'oci-archive'; readonly path: string; readonly tag: string | undefined }
  | { readonly kind: 'docker-archive'; readonly path: string; readonly tag: string | undefined }
  | { readonly kind: 'tar'; readonly path: string }
  | { readonly kind: 'stdin' }
  /** A recipe or catalogue name if there is one, otherwise a registry reference: who knows both decides. */
  | { readonly kind: 'bare'; readonly word: string };

/** Parses the spellings of skopeo, plus `tar:FILE`, `-` for standard input, and a bare word. */
export function parseSource(text: string): ImageSource {
  if (text === '-') return { kind: 'stdin' };
  if (text.startsWith('docker://')) {
    return { kind: 'registry', reference: parseReference(text.slice('docker://'.length)) };
  }
  const match = /^(oci|oci-archive|docker-archive|tar):(.*)$/s.exec(text);
  if (match === null) return parseBareWord(text);
  const [, kind = '', rest = ''] = match;
  if (kind === 'tar') return { kind, path: parsePath(text, rest) };
  // A reference may hold colons, a path may not: the first one ends the path, as it does for skopeo.
  const colon = rest.indexOf(':');
  const path = parsePath(text, colon < 0 ? rest : rest.slice(0, colon));
  const tag = colon < 0 ? undefined : parseTag(text, rest.slice(colon + 1));
  if (kind === 'oci' || kind === 'oci-archive') return { kind, path, tag };
  return { kind: 'docker-archive', path, tag };
}

/** The local name an image gets when the user gives none; undefined where the source has no name in it. */
export function defaultImageName(source: ImageSource): ImageName | undefined {
  switch (source.kind) {
    case 'registry':
      return nameOfReference(source.reference);
    case 'bare':
      return nameOfReference(parseReference(source.word));
    case 'stdin':
      return undefined;
    case 'tar':
      return nameOfPath(source.path);
    default:
      return nameOfTag(source.path, source.tag);
  }
}

function parseBareWord(word: string): ImageSource {
  const transport = /^(docker-daemon|containers-storage|ostree|sif|[a-z0-9+.-]+(?=:\/\/)):/.exec(
    word,
  );
  if (transport !== null) {
    throw invalid(
      word,
      `cannot be read; use docker://, oci:, oci-archive:, docker-archive:, tar: or "-"`,
    );
  }
  if (word === '') throw invalid(word, 'is empty; name an image as in "debian:bookworm"');
  return { kind: 'bare', word };
}

function parsePath(text: string, path: string): string {
  if (path === '') throw invalid(text, 'has no path; write it as in "oci:DIR:TAG"');
  if (path.includes('\0')) throw invalid(text, 'has a NUL in its path');
  return path;
}

function parseTag(text: string, tag: string): string {
  if (tag === '') throw invalid(text, 'ends in a colon; name the image after it or leave it out');
  return tag;
}

function nameOfReference({ repository, tag, digest }: Reference): ImageName | undefined {
  const base = repository.slice(repository.lastIndexOf('/') + 1);
  if (tag === undefined && digest !== undefined) {
    return toImageName(`${base}-${digestHex(digest).slice(0, 12)}`);
  }
  return toImageName(tag === undefined || tag === 'latest' ? base : `${base}-${tag}`);
}

/** A tag inside an archive is often a whole reference; a short one says little without its file's name. */
function nameOfTag(path: string, tag: string | undefined): ImageName | undefined {
  if (tag === undefined) return nameOfPath(path);
  if (/[/:]/.test(tag)) return nameOfReference(parseReference(tag));
  return tag === 'latest' ? nameOfPath(path) : toImageName(`${nameOfPath(path) ?? ''}-${tag}`);
}

function nameOfPath(path: string): ImageName | undefined {
  const base = path.replace(/\/+$/, '').replace(/^.*\//s, '');
  return toImageName(base.replace(/(\.oci|\.docker)?(\.tar)?(\.gz|\.zst|\.tgz)?$/, ''));
}

function toImageName(text: string): ImageName | undefined {
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/\.{2,}/g, '.')
    .slice(0, 128)
    .replace(/^[._-]+|[._-]+$/g, '');
  return name === '' ? undefined : parseImageName(name);
}

function invalid(text: string, why: string): BangerError {
  return new BangerError('INVALID_REFERENCE', `image source "${printableName(text)}" ${why}`);
}
