import { BangerError } from '#kit/errors.ts';
import { printableName } from '#kit/names.ts';
import { type Digest, digestOf, isDigest } from '../../domain/digest.ts';
import { IMAGE_TYPES, INDEX_TYPES, MANIFEST_LIMIT_BYTES } from '../../domain/oci-manifest.ts';
import { formatReference, type Reference } from '../../domain/reference.ts';
import { checkSize, type ManifestDocument } from '../../domain/resolve-image.ts';
import { type BlobIdentity, checkDigest, corruptBlob } from '../../domain/verify-blob.ts';
import { readWholeBody } from './answer-body.ts';
import type { Endpoint, Query } from './endpoint.ts';
import { type Retries, TransientFailure, withRetries } from './retries.ts';
import type { Answer } from './transport.ts';

const MANIFEST_ACCEPT = [...INDEX_TYPES, ...IMAGE_TYPES].join(', ');
/** What servers send that know nothing of media types. */
const GENERIC_TYPES: ReadonlySet<string> = new Set([
  '',
  'application/json',
  'text/plain',
  'application/octet-stream',
]);
/** For one small document as a whole: silence is watched per connection, but a trickle is not silent. */
const DOCUMENT_TIMEOUT_MS = 60_000;

/** Fetches the document that a reference names, index or manifest, and checks it against the digest. */
export async function fetchRoot(
  endpoint: Endpoint,
  reference: Reference,
  retries: Retries,
): Promise<ManifestDocument> {
  const subject = `image "${printableName(formatReference(reference))}"`;
  const path = `manifests/${reference.digest ?? reference.tag}`;
  const headers = { accept: MANIFEST_ACCEPT };
  const { answer, bytes } = await fetchBytes(endpoint, { path, headers, subject }, retries);
  const origin = `registry "${endpoint.host}"`;
  const digest = digestOf(bytes);
  if (reference.digest !== undefined) {
    checkDigest({ digest: reference.digest, sizeBytes: bytes.length }, digest, origin);
  }
  checkAnnouncedDigest(answer, digest, origin);
  return { digest, bytes, mediaType: mediaTypeOf(answer) };
}

/** Fetches a manifest or config that another document describes. */
export async function fetchDescribed(
  endpoint: Endpoint,
  blob: BlobIdentity,
  place: { kind: 'manifest' | 'config'; image: string },
  retries: Retries,
): Promise<Buffer> {
  const subject = `${place.kind} "${blob.digest}" of image "${printableName(place.image)}"`;
  const folder = place.kind === 'manifest' ? 'manifests' : 'blobs';
  const headers = place.kind === 'manifest' ? { accept: MANIFEST_ACCEPT } : {};
  const query = { path: `${folder}/${blob.digest}`, headers, subject };
  const { bytes } = await fetchBytes(endpoint, query, retries);
  const origin = `registry "${endpoint.host}"`;
  if (bytes.length !== blob.sizeBytes) {
    throw corruptBlob(blob, origin, `it has ${bytes.length} bytes, not ${blob.sizeBytes}`);
  }
  checkDigest(blob, digestOf(bytes), origin);
  return bytes;
}

type Fetched = { answer: Answer; bytes: Buffer };

function fetchBytes(
  endpoint: Endpoint,
  query: Omit<Query, 'signal'>,
  retries: Retries,
): Promise<Fetched> {
  return withRetries(async () => {
    const timeout = AbortSignal.timeout(DOCUMENT_TIMEOUT_MS);
    const signal = AbortSignal.any([retries.signal, timeout]);
    try {
      const answer = await endpoint.get({ ...query, signal });
      const announced = Number(answer.headers['content-length'] ?? 0);
      checkSize({ sizeBytes: announced }, MANIFEST_LIMIT_BYTES, query.subject);
      return { answer, bytes: await readWholeBody(answer, MANIFEST_LIMIT_BYTES, signal) };
    } catch (error) {
      if (!timeout.aborted) throw error;
      throw tooSlow(endpoint, query.subject, error);
    }
  }, retries);
}

/** The media type without its parameters; undefined when it says no more than "some JSON". */
function mediaTypeOf({ headers }: Answer): string | undefined {
  const type = (headers['content-type'] ?? '').split(';', 1).join('').trim().toLowerCase();
  return GENERIC_TYPES.has(type) ? undefined : type;
}

function checkAnnouncedDigest({ headers }: Answer, digest: Digest, origin: string): void {
  const announced = headers['docker-content-digest'];
  if (typeof announced !== 'string' || !isDigest(announced) || announced === digest) return;
  throw new BangerError(
    'IMAGE_CORRUPT',
    `${origin} announced "${announced}" but sent a document that hashes to "${digest}"; try again`,
    { metadata: { digest: announced } },
  );
}

function tooSlow(endpoint: Endpoint, subject: string, cause: unknown): TransientFailure {
  return new TransientFailure(
    new BangerError(
      'SERVICE_UNAVAILABLE',
      `registry "${endpoint.host}" took longer than ${DOCUMENT_TIMEOUT_MS / 1000} s for ${subject}; try again later`,
      { cause },
    ),
  );
}
