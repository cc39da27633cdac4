/** What a registry asks for with a 401: the user's name and password, or a token of a certain server. */
export type Challenge =
  | { readonly scheme: 'basic' }
  | { readonly scheme: 'bearer'; readonly realm: string; readonly service: string | undefined };

/** Scheme, then parameters; a scheme is a word that no "=" follows. */
const PIECE = /([A-Za-z0-9._~+/-]+)\s*(?:=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*)))?[\s,]*/gy;

/**
 * Finds the challenge to meet in a WWW-Authenticate header, which may hold several (RFC 9110, 11.6.1).
 * A token is preferred: it keeps the password out of the requests for the image itself.
 */
export function findChallenge(header: string): Challenge | undefined {
  const challenges = parseChallenges(header.slice(0, 8192));
  const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
  const realm = bearer?.parameters.get('realm');
  if (realm !== undefined) {
    return { scheme: 'bearer', realm, service: bearer?.parameters.get('service') };
  }
  return challenges.some(({ scheme }) => scheme === 'basic') ? { scheme: 'basic' } : undefined;
}

type RawChallenge = { scheme: string; parameters: Map<string, string> };

function parseChallenges(header: string): RawChallenge[] {
  const challenges: RawChallenge[] = [];
  for (const [, word = '', inQuotes, plain] of header.trim().matchAll(PIECE)) {
    const value = inQuotes?.replace(/\\(.)/g, '$1') ?? plain;
    if (value === undefined) {
      challenges.push({ scheme: word.toLowerCase(), parameters: new Map() });
    } else {
      challenges.at(-1)?.parameters.set(word.toLowerCase(), value);
    }
  }
  return challenges;
}
