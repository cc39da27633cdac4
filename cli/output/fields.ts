import { UsageError } from './error.ts';

/** The named fields of a JSON value in one line, with a tab between them; a dot goes into an object. */
export function formatFields(value: unknown, names: readonly string[]): string {
  // As JSON has it, but what a thing does not have at the moment stays known as a field.
  const row: unknown = JSON.parse(
    JSON.stringify(value, (_key, inner: unknown) => (inner === undefined ? null : inner)),
  );
  return names.map((name) => toText(pick(row, name.trim()))).join('\t');
}

function pick(row: unknown, name: string): unknown {
  const [first = '', ...rest] = name.split('.');
  if (!isRecord(row) || !Object.hasOwn(row, first)) {
    const known = isRecord(row) ? Object.keys(row).join(', ') : 'none';
    throw new UsageError(`there is no field "${name}"; there are: ${known}`, 'banger');
  }
  return rest.reduce<unknown>((part, key) => (isRecord(part) ? part[key] : undefined), row[first]);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Never more than one line, and no tab of its own. */
function toText(value: unknown): string {
  if (value === undefined || value === null) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return text.replaceAll(/[\t\r\n]/g, ' ');
}
