import { readFileSync } from 'node:fs';
import { parse, TomlError } from 'smol-toml';
import { BangerError } from './errors.ts';
import { findNearest } from './nearest.ts';
import { SERVICES } from './paths.ts';

/** One setting: how a value of the file becomes one of the program, and what holds when it is not there. */
export type Setting<Value> = {
  parse(value: unknown): Value;
  fallback: Value;
  /** An entry of a list that lacks it is refused. */
  required?: boolean;
};
export type Settings = Readonly<Record<string, Setting<unknown>>>;
export type ConfigOf<Fields extends Settings> = {
  readonly [Key in keyof Fields]: ReturnType<Fields[Key]['parse']>;
};

/** Tables that some program owns and checks for itself. */
const TABLES: readonly string[] = [...SERVICES, 'cli', 'file_sync'];

type Document = { file: string; text: string; content: Record<string, unknown> };

/**
 * Reads one table of the configuration file (the top level for an empty name). All programs share the file and
 * each owns a table; a key that nobody knows or a value of the wrong kind stops the program that owns it,
 * because a setting that is silently ignored is worse than none.
 */
export function readConfig<Fields extends Settings>(
  file: string,
  table: string,
  settings: Fields,
): ConfigOf<Fields> {
  const document = readDocument(file);
  const values = tableOf(document, table);
  const known = table === '' ? [...Object.keys(settings), ...TABLES] : Object.keys(settings);
  for (const key of Object.keys(values)) {
    if (!known.includes(key)) throw unknownKey(document, table, key, known);
  }
  return readTable(document, table, values, settings);
}

/** Reads a list of tables (`[[name]]`), each held to the same settings. */
export function readConfigList<Fields extends Settings>(
  file: string,
  name: string,
  settings: Fields,
): readonly ConfigOf<Fields>[] {
  const document = readDocument(file);
  const list = document.content[name] ?? [];
  if (!Array.isArray(list)) {
    throw wrongValue(document, '', name, new Error(`it is a list: write [[${name}]]`));
  }
  return list.map((values: Record<string, unknown>, index) => {
    const entry = `${name}[${index}]`;
    for (const key of Object.keys(values)) {
      if (!Object.hasOwn(settings, key)) {
        throw unknownKey(document, entry, key, Object.keys(settings));
      }
    }
    return readTable(document, entry, values, settings);
  });
}

/** All that the file says, as it stands; nothing where there is no file. */
export function readConfigText(file: string): Readonly<Record<string, unknown>> {
  return readDocument(file).content;
}

/** The settings of one table, with what holds where it says nothing. */
function readTable<Fields extends Settings>(
  document: Document,
  table: string,
  values: Record<string, unknown>,
  settings: Fields,
): ConfigOf<Fields> {
  const entries = Object.entries(settings).map(([key, setting]) => {
    const value = values[key];
    if (value === undefined) {
      if (setting.required === true) throw wrongValue(document, table, key, new Error('missing'));
      return [key, setting.fallback];
    }
    try {
      return [key, setting.parse(value)];
    } catch (cause) {
      throw wrongValue(document, table, key, cause);
    }
  });
  return Object.freeze(Object.fromEntries(entries));
}

function readDocument(file: string): Document {
  try {
    const text = readFileSync(file, 'utf8');
    return { file, text, content: parse(text) };
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') {
      return { file, text: '', content: {} };
    }
    const where = cause instanceof TomlError ? `${file}:${cause.line}` : file;
    const why = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
    throw new BangerError('INVALID_FIELD', `${where}: ${why}`, { cause, metadata: { file } });
  }
}

function tableOf(document: Document, table: string): Record<string, unknown> {
  if (table === '') return document.content;
  const value = document.content[table] ?? {};
  const isTable = typeof value === 'object' && !Array.isArray(value) && !(value instanceof Date);
  if (isTable) return value as Record<string, unknown>;
  throw wrongValue(document, '', table, new Error('a table is wanted'));
}

function unknownKey(
  document: Document,
  table: string,
  key: string,
  known: readonly string[],
): BangerError {
  const [nearest] = findNearest(key, known);
  const hint =
    nearest === undefined ? `known are: ${known.join(', ')}` : `did you mean "${nearest}"?`;
  return invalid(document, table, key, `no setting is called "${nameOf(table, key)}"; ${hint}`);
}

function wrongValue(document: Document, table: string, key: string, cause: unknown): BangerError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return invalid(document, table, key, `"${nameOf(table, key)}": ${why}`, cause);
}

function invalid(
  document: Document,
  table: string,
  key: string,
  what: string,
  cause?: unknown,
): BangerError {
  const line = lineOf(document.text, table, key);
  return new BangerError('INVALID_FIELD', `${document.file}:${line}: ${what}`, {
    cause,
    metadata: { file: document.file, line: String(line), key: nameOf(table, key) },
  });
}

function nameOf(table: string, key: string): string {
  return table === '' ? key : `${table}.${key}`;
}

/** The TOML parser keeps no positions, so the line is found again by table header and key. */
function lineOf(text: string, table: string, key: string): number {
  const seen = new Map<string, number>();
  let current = '';
  let tableLine = 1;
  for (const [index, line] of text.split('\n').entries()) {
    const [, brackets = '', header] = /^\s*(\[+)\s*"?([^\]"]+?)"?\s*\]+/.exec(line) ?? [];
    if (header !== undefined) {
      const count = seen.get(header) ?? 0;
      seen.set(header, count + 1);
      current = brackets === '[[' ? `${header}[${count}]` : header;
      if (current === table) tableLine = index + 1;
    }
    const name = /^\s*"?([\w-]+)"?\s*[.=]/.exec(line)?.[1];
    const isHeader = table === '' && header?.split('.')[0] === key;
    if (isHeader || (current === table && name === key)) return index + 1;
  }
  return tableLine;
}
