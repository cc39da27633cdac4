import { BangerError } from '#kit/errors.ts';
import { toNetworkFailure } from './network-failure.ts';
import type { Answer } from './transport.ts';

/** As much of an unwanted body as is read to keep its connection; more than that and it is closed. */
const DISCARD_LIMIT_BYTES = 16 << 10;

/** The body's chunks; failures come out as errors of ours, an abort as the signal's own reason. */
export async function* readBody(answer: Answer, signal: AbortSignal): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of answer.body) yield chunk as Buffer;
  } catch (error) {
    signal.throwIfAborted();
    throw toNetworkFailure(error, answer.url.host);
  }
}

export async function readWholeBody(
  answer: Answer,
  limitBytes: number,
  signal: AbortSignal,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of readBody(answer, signal)) {
    sizeBytes += chunk.length;
    if (sizeBytes > limitBytes) throw tooLong(answer, limitBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

export function discardBody({ body, headers }: Answer): void {
  // What is still to come, an error included, concerns nobody any more.
  body.on('error', () => body.destroy());
  if (Number(headers['content-length'] ?? Infinity) <= DISCARD_LIMIT_BYTES) body.resume();
  else body.destroy();
}

function tooLong({ url }: Answer, limitBytes: number): BangerError {
  return new BangerError(
    'IMAGE_CORRUPT',
    `the answer of "${url.host}" is longer than ${limitBytes} bytes, which no honest one is`,
  );
}
