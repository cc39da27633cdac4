import type { Credentials } from '../../domain/credentials.ts';

/** The Authorization header of a user with a password; an identity token is only for token servers. */
export function basicAuthorization(credentials: Credentials | undefined): string | undefined {
  if (credentials === undefined || 'identityToken' in credentials) return undefined;
  const { username, password } = credentials;
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}
