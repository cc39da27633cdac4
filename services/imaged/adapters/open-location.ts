import { createReadStream } from 'node:fs';
import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import { isUrl } from './catalogue-file.ts';
import { discardBody, readBody } from './registry/answer-body.ts';
import { isLoopback } from './registry/loopback.ts';
import { sendFollowing } from './registry/redirects.ts';
import { TransientFailure } from './registry/retries.ts';
import type { Transport } from './registry/transport.ts';

/** The bytes at a path or a URL. What they are worth is the reader's to check. */
export async function* openLocation(
  transport: Transport,
  { signal }: Call,
  location: string,
): AsyncGenerator<Buffer> {
  if (!isUrl(location)) {
    yield* readPath(location);
    return;
  }
  try {
    const answer = await sendFollowing(
      transport,
      { url: parseUrl(location), headers: {}, signal },
      false,
    );
    if (answer.status !== 200) {
      discardBody(answer);
      throw unavailable(location, `answered ${answer.status}`);
    }
    yield* readBody(answer, signal);
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof TransientFailure ? error.error : error;
  }
}

async function* readPath(path: string): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) {
      yield chunk as Buffer;
    }
  } catch (error) {
    throw unavailable(path, 'cannot be read', error);
  }
}

function parseUrl(location: string): URL {
  const url = URL.canParse(location) ? new URL(location) : undefined;
  // What a catalogue says is all the trust there is, so nobody on the way may change it.
  if (url !== undefined && (url.protocol === 'https:' || isLoopback(url))) return url;
  throw new BangerError(
    'OPERATION_REFUSED',
    `"${location}" cannot be loaded safely; use an address that begins with https:`,
  );
}

function unavailable(location: string, why: string, cause?: unknown): BangerError {
  return new BangerError('SERVICE_UNAVAILABLE', `"${location}" ${why}; try again later`, { cause });
}
