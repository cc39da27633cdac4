import { BangerError } from '#kit/errors.ts';
import { printableName } from '#kit/names.ts';
import { readWholeBody } from './answer-body.ts';
import { TransientFailure } from './retries.ts';
import type { Answer } from './transport.ts';

export type Asked = {
  /** The registry, as the user calls it. */
  readonly host: string;
  /** What was asked for: `image "debian:bookworm"`. */
  readonly subject: string;
  readonly hasLogin: boolean;
  readonly signal: AbortSignal;
};

const ERROR_LIMIT_BYTES = 64 << 10;

/** Says what a registry's refusal means to the user, with the registry's own words at the end. */
export async function toAnswerFailure(answer: Answer, asked: Asked): Promise<Error> {
  const said = await readComplaint(answer, asked.signal);
  const { status } = answer;
  const { host, subject } = asked;
  if (status === 401 || status === 403) return toRefusal(status, said, asked);
  if (status === 404) {
    const message = `${subject} was not found in registry "${host}"; check its name and tag${said}`;
    return failure('IMAGE_NOT_FOUND', message, status);
  }
  const message =
    status === 429
      ? `registry "${host}" limits how much is pulled; ${nextAfterLimit(asked)}${said}`
      : `registry "${host}" answered ${status} for ${subject}; try again later${said}`;
  const error = failure('SERVICE_UNAVAILABLE', message, status);
  const mayPass = status >= 500 || status === 429 || status === 408;
  return mayPass ? new TransientFailure(error, retryAfterMs(answer)) : error;
}

function nextAfterLimit({ host, hasLogin }: Asked): string {
  return hasLogin ? 'try again later' : `try again later, or log in with: docker login ${host}`;
}

/** Registries answer the same for an image that is private and one that is not there at all. */
function toRefusal(status: number, said: string, asked: Asked): BangerError {
  const { host, subject, hasLogin } = asked;
  const message = hasLogin
    ? `registry "${host}" does not let you have ${subject}; check its name, or log in again with: docker login ${host}`
    : `registry "${host}" gives ${subject} only to those logged in, if it exists; log in with: docker login ${host}`;
  return failure('OPERATION_REFUSED', `${message}${said}`, status);
}

function failure(
  reason: 'IMAGE_NOT_FOUND' | 'OPERATION_REFUSED' | 'SERVICE_UNAVAILABLE',
  message: string,
  status: number,
): BangerError {
  return new BangerError(reason, message, { metadata: { status: `${status}` } });
}

/** Retry-After is a number of seconds or a date (RFC 9110, 10.2.3). */
export function retryAfterMs({ headers }: Pick<Answer, 'headers'>): number | undefined {
  const text = headers['retry-after'];
  if (text === undefined) return undefined;
  const delayMs = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isNaN(delayMs) ? undefined : Math.max(0, delayMs);
}

async function readComplaint(answer: Answer, signal: AbortSignal): Promise<string> {
  try {
    const text = (await readWholeBody(answer, ERROR_LIMIT_BYTES, signal)).toString('utf8');
    const words = firstMessage(text);
    return words === undefined ? '' : ` (it says: "${printableName(words)}")`;
  } catch {
    // The status is the failure to report; a body that cannot be read or understood adds nothing.
    signal.throwIfAborted();
    return '';
  }
}

/** The first message of `{"errors":[{"code","message"}]}`, the form all registries share. */
function firstMessage(text: string): string | undefined {
  const document: unknown = JSON.parse(text);
  if (typeof document !== 'object' || document === null || !('errors' in document))
    return undefined;
  const first: unknown = Array.isArray(document.errors) ? document.errors[0] : undefined;
  if (typeof first !== 'object' || first === null || !('message' in first)) return undefined;
  return typeof first.message === 'string' && first.message !== '' ? first.message : undefined;
}
