import { BangerError } from '#kit/errors.ts';
import { type BlobIdentity, corruptBlob } from '../../domain/verify-blob.ts';
import { discardBody, readBody } from './answer-body.ts';
import type { Endpoint } from './endpoint.ts';
import type { Answer } from './transport.ts';

/** Some of a blob's bytes, from an offset that the sender chose: the one asked for, or zero. */
export type BlobPart = { readonly startsAt: number; readonly chunks: AsyncIterable<Buffer> };

/** Asks for a blob from an offset on. */
export type FetchBlob = (fromByte: number, signal: AbortSignal) => Promise<BlobPart>;

export function blobFetcher(endpoint: Endpoint, blob: BlobIdentity, image: string): FetchBlob {
  return async (fromByte, signal) => {
    const answer = await ask(endpoint, blob, image, fromByte, signal);
    if (fromByte === 0 || answer.status === 200) return wholeBlob(answer, blob, endpoint, signal);
    if (isContinuation(answer, fromByte, blob)) {
      return { startsAt: fromByte, chunks: readBody(answer, signal) };
    }
    // It knows ranges but not this one. Asking again for the same would fail for ever.
    discardBody(answer);
    return wholeBlob(await ask(endpoint, blob, image, 0, signal), blob, endpoint, signal);
  };
}

function ask(
  endpoint: Endpoint,
  blob: BlobIdentity,
  image: string,
  fromByte: number,
  signal: AbortSignal,
): Promise<Answer> {
  return endpoint.get({
    path: `blobs/${blob.digest}`,
    // A server that compresses on the way would make offsets meaningless.
    headers: {
      'accept-encoding': 'identity',
      ...(fromByte > 0 && { range: `bytes=${fromByte}-` }),
    },
    subject: `blob "${blob.digest}" of ${image}`,
    signal,
  });
}

function wholeBlob(
  answer: Answer,
  blob: BlobIdentity,
  { host }: Endpoint,
  signal: AbortSignal,
): BlobPart {
  const length = answer.headers['content-length'];
  if (answer.status === 200 && (length === undefined || Number(length) === blob.sizeBytes)) {
    return { startsAt: 0, chunks: readBody(answer, signal) };
  }
  discardBody(answer);
  if (answer.status === 200) {
    throw corruptBlob(blob, `registry "${host}"`, `it has ${length} bytes, not ${blob.sizeBytes}`);
  }
  throw new BangerError(
    'SERVICE_UNAVAILABLE',
    `registry "${host}" answered ${answer.status} to a request for a whole blob; try again later`,
  );
}

function isContinuation(
  { status, headers }: Answer,
  fromByte: number,
  blob: BlobIdentity,
): boolean {
  const match = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers['content-range'] ?? '');
  if (status !== 206 || match === null || Number(match[1]) !== fromByte) return false;
  return match[2] === '*' || Number(match[2]) === blob.sizeBytes;
}
