import { BangerError } from '#kit/errors.ts';
import { printableName } from '#kit/names.ts';
import { discardBody } from './answer-body.ts';
import { isLoopback } from './loopback.ts';
import type { Answer, Exchange, Transport } from './transport.ts';

const REDIRECT_LIMIT = 5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * Sends a GET and follows redirects. The Authorization header is for the first host alone: once a
 * redirect has left that origin it is gone, even if a later one leads back (GO-2022-0803).
 */
export async function sendFollowing(
  transport: Transport,
  exchange: Exchange,
  allowsPlain: boolean,
): Promise<Answer> {
  let current = exchange;
  for (let redirects = 0; redirects <= REDIRECT_LIMIT; redirects++) {
    const answer = await transport.send(current);
    const { location } = answer.headers;
    if (!REDIRECTS.has(answer.status) || location === undefined) return answer;
    discardBody(answer);
    current = redirected(current, location, allowsPlain);
  }
  throw refused(exchange.url, `redirects more than ${REDIRECT_LIMIT} times`);
}

function redirected(exchange: Exchange, location: string, allowsPlain: boolean): Exchange {
  const from = exchange.url;
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (to === undefined)
    throw refused(from, `redirects to "${printableName(location)}", which is no URL`);
  if (!isSafe(from, to, allowsPlain)) {
    throw refused(from, `redirects to "${printableName(to.origin)}", which is not safe`);
  }
  // Node would turn a user name in the URL into an Authorization header.
  to.username = '';
  to.password = '';
  if (to.origin === from.origin) return { ...exchange, url: to };
  const { authorization: _, ...headers } = exchange.headers;
  return { ...exchange, url: to, headers };
}

function isSafe(from: URL, to: URL, allowsPlain: boolean): boolean {
  if (to.protocol === 'https:') return true;
  return to.protocol === 'http:' && from.protocol === 'http:' && (allowsPlain || isLoopback(to));
}

function refused(url: URL, why: string): BangerError {
  return new BangerError('OPERATION_REFUSED', `"${url.host}" ${why}; the pull was stopped`, {
    metadata: { host: url.host },
  });
}
