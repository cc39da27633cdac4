import type { ConfigOf, Setting } from '#kit/config-file.ts';
import { text } from '#kit/settings.ts';

/** An entry of `[[file_sync]]`: what of the user's is put into every new machine, and where. */
export type FileSync = { host: string; guest: string; mode: number | undefined };

/** The TOML parser is loaded only where there is a file to parse. */
export async function readFileSyncEntries(file: string): Promise<readonly FileSync[]> {
  const { existsSync } = await import('node:fs');
  if (!existsSync(file)) return [];
  const { readConfigList } = await import('#kit/config-file.ts');
  const entries: readonly ConfigOf<typeof SETTINGS>[] = readConfigList(file, 'file_sync', SETTINGS);
  return entries;
}

const HOST = /^(?:\/|~\/)/;
const GUEST = /^(?:~|\/root)\/./;

const SETTINGS = {
  host: placed(HOST, 'a path that begins with "/" or "~/" is wanted'),
  guest: placed(GUEST, 'a path below "~/" or "/root/" is wanted'),
  mode: { fallback: undefined, parse: parseMode } satisfies Setting<number | undefined>,
};

/** No ".." either: where a file ends up must be readable from the configuration. */
function placed(pattern: RegExp, wanted: string): Setting<string> {
  return {
    fallback: '',
    required: true,
    parse(value) {
      const path = text('').parse(value);
      if (pattern.test(path) && !path.split('/').includes('..') && !path.endsWith('/')) return path;
      throw new Error(wanted);
    },
  };
}

function parseMode(value: unknown): number {
  const mode = text('').parse(value);
  if (/^0?[0-7]{3}$/.test(mode)) return Number.parseInt(mode, 8);
  throw new Error('a mode such as "0600" is wanted');
}
