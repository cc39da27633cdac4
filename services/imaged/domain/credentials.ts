/**
 * What a registry knows its user by. It comes with a request, from the login files that the CLI reads
 * as the user, lives as long as the pull and is never written down.
 */
export type Credentials =
  | { readonly username: string; readonly password: string }
  | { readonly identityToken: string };
