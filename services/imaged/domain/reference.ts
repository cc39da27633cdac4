import { BangerError } from '#kit/errors.ts';
import { printableName } from '#kit/names.ts';
import { type Digest, isDigest } from './digest.ts';

/** Which image in which registry; a digest, where given, is what counts, and the tag a remark. */
export type Reference = {
  /** Host, with a port if one was given: `docker.io`, `localhost:5000`, `[::1]:5000`. */
  readonly registry: string;
  readonly repository: string;
  readonly tag: string | undefined;
  readonly digest: Digest | undefined;
};

const DOCKER_HUB = 'docker.io';
const NAME_LIMIT = 255;

// The grammar of github.com/distribution/reference, which every registry and client follows.
const COMPONENT = /^[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const HOST_LABEL = '[a-z0-9](?:[a-z0-9-]*[a-z0-9])?';
const HOST = new RegExp(
  `^(?:${HOST_LABEL}(?:\\.${HOST_LABEL})*|\\[[0-9a-f:.]{2,45}\\])(?::([0-9]{1,5}))?$`,
);

/** Parses what `docker pull` takes: `debian`, `ghcr.io/owner/app:1.2`, `host:5000/app@sha256:...`. */
export function parseReference(text: string): Reference {
  const { name, tag, digest } = splitReference(text);
  const { registry, repository } = splitName(text, name);
  return {
    registry,
    repository,
    tag: tag ?? (digest === undefined ? 'latest' : undefined),
    digest,
  };
}

/** The full spelling, which parses back to the same reference. */
export function formatReference({ registry, repository, tag, digest }: Reference): string {
  const suffix = `${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
  return `${registry}/${repository}${suffix}`;
}

type Parts = { name: string; tag: string | undefined; digest: Digest | undefined };

function splitReference(text: string): Parts {
  const at = text.indexOf('@');
  const beforeDigest = at < 0 ? text : text.slice(0, at);
  const digest = at < 0 ? undefined : text.slice(at + 1);
  if (digest !== undefined && !isDigest(digest)) {
    throw invalid(text, 'has a digest that is not "sha256:" and 64 lower-case hexadecimal digits');
  }
  // A colon before the last slash belongs to the port of the registry.
  const colon = beforeDigest.indexOf(':', beforeDigest.lastIndexOf('/') + 1);
  if (colon < 0) return { name: beforeDigest, tag: undefined, digest };
  const tag = beforeDigest.slice(colon + 1);
  if (!TAG.test(tag)) {
    throw invalid(
      text,
      `has the tag "${printableName(tag)}"; use up to 128 letters, digits, "_", "." or "-"`,
    );
  }
  return { name: beforeDigest.slice(0, colon), tag, digest };
}

function splitName(text: string, name: string): Pick<Reference, 'registry' | 'repository'> {
  if (name.length > NAME_LIMIT)
    throw invalid(text, `has a name longer than ${NAME_LIMIT} characters`);
  const slash = name.indexOf('/');
  const first = slash < 0 ? '' : name.slice(0, slash);
  const isHost = /[.:[]/.test(first) || first.toLowerCase() === 'localhost';
  const registry = isHost ? parseRegistry(text, first) : DOCKER_HUB;
  const path = isHost ? name.slice(slash + 1) : name;
  checkRepository(text, path);
  // The Hub keeps its official images under a name that people never write.
  const isOfficial = registry === DOCKER_HUB && !path.includes('/');
  return { registry, repository: isOfficial ? `library/${path}` : path };
}

function parseRegistry(text: string, host: string): string {
  const registry = host.toLowerCase();
  const port = Number(HOST.exec(registry)?.[1] ?? 443);
  // URL.canParse knows what is left over: ports above 65535, IPv6, host names all of digits.
  if (!HOST.test(registry) || port === 0 || !URL.canParse(`https://${registry}`)) {
    throw invalid(
      text,
      `has the registry "${printableName(host)}", which is not a host name or address with or without a port`,
    );
  }
  return registry === 'index.docker.io' ? DOCKER_HUB : registry;
}

function checkRepository(text: string, path: string): void {
  if (path === '') throw invalid(text, 'has no image name; write it as in "debian:bookworm"');
  if (path !== path.toLowerCase())
    throw invalid(text, 'has capital letters in its name; write it in lower case');
  if (/^[0-9a-f]{64}$/.test(path)) {
    throw invalid(text, 'is a bare image id; write it as "NAME@sha256:DIGEST"');
  }
  const wrong = path.split('/').find((component) => !COMPONENT.test(component));
  if (wrong === undefined) return;
  throw invalid(
    text,
    `has the name part "${printableName(wrong)}"; use letters and digits, joined by ".", "_", "__" or dashes`,
  );
}

function invalid(text: string, why: string): BangerError {
  return new BangerError('INVALID_REFERENCE', `image reference "${printableName(text)}" ${why}`);
}
