import { isAbsolute, normalize } from 'node:path';
import { parse } from 'smol-toml';
import { BangerError, hasReason } from '#kit/errors.ts';
import { Fields } from '#kit/fields.ts';
import { parseImageName } from '#kit/names.ts';
import type { RecipeBase, RecipeFile, RecipeSpec } from './recipe-spec.ts';

const KEYS = ['name', 'description', 'base', 'packages', 'files', 'commands'];

/** A recipe of a user's own, as docs/images.md describes it. */
export function parseRecipeSpec(text: string): RecipeSpec {
  try {
    const table = parse(text);
    const unknown = Object.keys(table).find((key) => !KEYS.includes(key));
    if (unknown !== undefined)
      throw invalid(`no key is called "${unknown}"; known are ${KEYS.join(', ')}`);
    const from = new Fields(
      { description: '', packages: [], files: [], commands: [], ...table },
      'recipe',
    );
    const base = parseBase(from.text('base'));
    if (base.kind === 'busybox') refuseIgnored(table);
    return {
      name: parseImageName(from.text('name')),
      description: from.text('description'),
      base,
      packages: from.texts('packages').map(parsePackage),
      files: from.list('files', parseFile),
      commands: from.texts('commands'),
    };
  } catch (cause) {
    if (hasReason(cause, 'INVALID_FIELD')) throw cause;
    const why = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
    throw invalid(why, cause);
  }
}

/** "debian:bookworm", or "busybox". */
function parseBase(text: string): RecipeBase {
  if (text === 'busybox') return { kind: 'busybox' };
  const release = /^debian:([a-z]+)$/.exec(text)?.[1];
  if (release !== undefined) return { kind: 'debian', release };
  throw invalid(`base is "debian:RELEASE" or "busybox", not "${text}"`);
}

/** Nothing installs packages into a busybox or runs commands in it, so nobody shall believe that it was done. */
function refuseIgnored(table: Record<string, unknown>): void {
  const ignored = ['packages', 'files', 'commands'].find((key) => key in table);
  if (ignored !== undefined)
    throw invalid(`the base "busybox" takes no ${ignored}; build on "debian:RELEASE" instead`);
}

/** Debian policy 5.6.1; anything else would reach mmdebstrap as an option or as several packages. */
function parsePackage(name: string): string {
  if (/^[a-z0-9][a-z0-9+.-]+$/.test(name)) return name;
  throw invalid(`"${name}" is not the name of a package`);
}

function parseFile(from: Fields): RecipeFile {
  const path = from.text('path');
  if (!isAbsolute(path) || normalize(path) !== path || path.endsWith('/')) {
    throw invalid(`"${path}" is not the path of a file; write it from the root, without ".."`);
  }
  return { path, content: from.text('content'), mode: parseMode(from.text('mode')) };
}

function parseMode(text: string): number {
  if (/^0?[0-7]{3,4}$/.test(text)) return Number.parseInt(text, 8);
  throw invalid(`"${text}" is not a mode; write it in octal digits, such as "0644"`);
}

function invalid(why: string, cause?: unknown): BangerError {
  return new BangerError('INVALID_FIELD', `recipe: ${why}`, { cause });
}
