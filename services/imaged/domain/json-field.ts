import { BangerError } from '#kit/errors.ts';
import { printableName } from '#kit/names.ts';
import { type Digest, isDigest } from './digest.ts';

/**
 * One value of a JSON document and where it stands, so that an error can name document and field.
 * Absent and `null` mean the same, as they do to the Go programs that write these documents.
 */
export type JsonField = {
  readonly document: string;
  readonly path: string;
  readonly value: unknown;
};

export function parseJson(document: string, bytes: Uint8Array): JsonField {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return { document, path: '', value: JSON.parse(text) as unknown };
  } catch (error) {
    throw new BangerError('IMAGE_CORRUPT', `${document} is damaged: it is not valid JSON`, {
      cause: error,
    });
  }
}

export function member(object: JsonField, name: string): JsonField {
  const { document, path, value } = object;
  const memberPath = path === '' ? name : `${path}.${name}`;
  if (!isRecord(value)) throw wrongField(object, 'an object');
  // Only own members count: "constructor" and its kind are on every object.
  return {
    document,
    path: memberPath,
    value: Object.hasOwn(value, name) ? value[name] : undefined,
  };
}

export function isPresent(field: JsonField): boolean {
  return field.value !== undefined && field.value !== null;
}

export function toText(field: JsonField): string {
  if (typeof field.value !== 'string') throw wrongField(field, 'a text');
  // These texts end up in argument vectors and environments, where a NUL would cut them short.
  if (field.value.includes('\0')) throw wrongField(field, 'a text without NUL');
  return field.value;
}

export function toTextOr(field: JsonField, fallback: string): string {
  return isPresent(field) ? toText(field) : fallback;
}

export function toSizeBytes(field: JsonField): number {
  if (!Number.isSafeInteger(field.value) || Number(field.value) < 0) {
    throw wrongField(field, 'a whole number of bytes');
  }
  return Number(field.value);
}

export function toDigestField(field: JsonField): Digest {
  const text = toText(field);
  if (!isDigest(text)) throw wrongField(field, 'a sha256 digest');
  return text;
}

export function toList(field: JsonField): JsonField[] {
  if (!Array.isArray(field.value)) throw wrongField(field, 'a list');
  return field.value.map((value: unknown, index) => ({
    document: field.document,
    path: `${field.path}[${index}]`,
    value,
  }));
}

export function toListOrNone(field: JsonField): JsonField[] {
  return isPresent(field) ? toList(field) : [];
}

/** The members of an object by name; none when it is absent. */
export function toEntries(field: JsonField): [string, JsonField][] {
  if (!isPresent(field)) return [];
  if (!isRecord(field.value)) throw wrongField(field, 'an object');
  return Object.keys(field.value).map((name) => [name, member(field, name)]);
}

export function wrongField(field: JsonField, expected: string): BangerError {
  const where = field.path === '' ? 'it' : `field "${printableName(field.path)}"`;
  const found = `found ${describe(field.value)}`;
  return new BangerError(
    'IMAGE_CORRUPT',
    `${field.document} is damaged: ${where} must be ${expected}, ${found}`,
    { metadata: { field: field.path } },
  );
}

function describe(value: unknown): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return `"${printableName(value)}"`;
  return typeof value === 'object' ? 'an object' : JSON.stringify(value);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
