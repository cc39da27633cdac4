import { BangerError } from '#kit/errors.ts';
import { type ImageName, parseImageName } from '#kit/names.ts';
import type {
  BuildImageRequest,
  ImportImageStart,
  PullImageStart,
} from '#proto/banger/v1/image.ts';
import type { RegistryCredentials } from '#proto/banger/v1/types.ts';
import type { BuildImage } from '../domain/build-image.ts';
import type { Credentials } from '../domain/credentials.ts';
import { parseDigest } from '../domain/digest.ts';
import type { ImportImage } from '../domain/import-image.ts';
import type { PullImage } from '../domain/pull-image.ts';

/** Requests as the domain wants them: every field is parsed, and one that is wrong is named. */
export function parsePull(start: PullImageStart, bytes: AsyncIterable<Uint8Array>): PullImage {
  const { source, name, credentials, insecure, replace, ifAbsent, freeBytes } = start;
  if (source === '') throw invalid('source', 'say what to pull, such as "debian:bookworm"');
  return {
    ...{ source, insecure, replace, ifAbsent, bytes, freeBytes: parseFree(freeBytes) },
    name: findName(name),
    credentials: new Map(credentials.map(parseCredentials)),
  };
}

export function parseBuild({ name, recipe, replace, freeBytes }: BuildImageRequest): BuildImage {
  if (recipe === undefined) throw invalid('recipe', 'say which recipe to build');
  const wanted = recipe.$case === 'recipeName' ? { name: recipe.value } : { text: recipe.value };
  return { name: findName(name), recipe: wanted, replace, freeBytes: parseFree(freeBytes) };
}

export function parseImport(
  { name, digest, replace }: ImportImageStart,
  bytes: AsyncIterable<Uint8Array>,
): ImportImage {
  return {
    name: findName(name),
    digest: digest === '' ? undefined : parseDigest(digest),
    ...{ replace, bytes },
  };
}

export function findName(text: string): ImageName | undefined {
  return text === '' ? undefined : parseImageName(text);
}

function parseFree(bytes: number): number {
  if (Number.isSafeInteger(bytes) && bytes >= 0) return bytes;
  throw invalid('free_bytes', `${bytes} is not a size`);
}

function parseCredentials(given: RegistryCredentials): [string, Credentials] {
  const { registry, username, password, identityToken } = given;
  if (registry === '') throw invalid('credentials', 'credentials name no registry');
  return [
    registry.toLowerCase(),
    identityToken === '' ? { username, password } : { identityToken },
  ];
}

export function invalid(field: string, message: string): BangerError {
  return new BangerError('INVALID_FIELD', message, { metadata: { field } });
}
