import { fileURLToPath } from 'node:url';

/** Version of all of banger; package.json says the same, and a policy test compares them. */
export const VERSION = '0.1.0';

declare const BANGER_BUILD: string | undefined;

/** Hash of the sources a bundle was made from. */
export const BUILD = typeof BANGER_BUILD === 'undefined' ? 'source' : BANGER_BUILD;

/**
 * The folder that holds the whole program. Sources lie one folder below it (kit/), and so do bundles (dist/),
 * so the same step up serves both.
 */
export function programRoot(): string {
  return fileURLToPath(new URL('..', import.meta.url));
}
