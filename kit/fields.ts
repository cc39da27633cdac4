import { BangerError } from './errors.ts';

/** Reads a JSON object that came from a disk or a stranger, field by field, and names the one that is wrong. */
export class Fields {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #path: string;

  constructor(value: unknown, path: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw wrong(path, 'an object');
    }
    this.#values = value as Record<string, unknown>;
    this.#path = path;
  }

  text(key: string): string {
    const value = this.#values[key];
    if (typeof value === 'string') return value;
    throw wrong(this.#at(key), 'a text');
  }

  number(key: string): number {
    const value = this.#values[key];
    if (typeof value === 'number' && Number.isFinite(value)) return value;
    throw wrong(this.#at(key), 'a number');
  }

  flag(key: string): boolean {
    const value = this.#values[key];
    if (typeof value === 'boolean') return value;
    throw wrong(this.#at(key), 'true or false');
  }

  date(key: string): Date {
    const date = new Date(this.text(key));
    if (!Number.isNaN(date.getTime())) return date;
    throw wrong(this.#at(key), 'a date');
  }

  choice<const Choice extends string>(key: string, choices: readonly Choice[]): Choice {
    const value = this.text(key);
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    throw wrong(this.#at(key), `one of ${choices.join(', ')}`);
  }

  fields(key: string): Fields {
    return new Fields(this.#values[key], this.#at(key));
  }

  list<Item>(key: string, read: (fields: Fields) => Item): Item[] {
    return this.#array(key).map((value, index) =>
      read(new Fields(value, `${this.#at(key)}[${index}]`)),
    );
  }

  texts(key: string): string[] {
    return this.#array(key).map((value) => {
      if (typeof value === 'string') return value;
      throw wrong(this.#at(key), 'a list of texts');
    });
  }

  textMap(key: string): Record<string, string> {
    const inner = this.fields(key);
    return Object.fromEntries(Object.keys(inner.#values).map((name) => [name, inner.text(name)]));
  }

  /** `{ key: value }` to spread, or nothing where the field is absent. */
  optional<const Key extends string, Value>(
    key: Key,
    read: (fields: Fields) => Value,
  ): { [name in Key]?: Value } {
    if (this.#values[key] === undefined) return {};
    return { [key]: read(this.fields(key)) } as { [name in Key]?: Value };
  }

  /** `{ key: true }` to spread, or nothing where the field is absent. */
  mark<const Key extends string>(key: Key): { [name in Key]?: true } {
    if (this.#values[key] === undefined || !this.flag(key)) return {};
    return { [key]: true } as { [name in Key]?: true };
  }

  #array(key: string): unknown[] {
    const value = this.#values[key];
    if (Array.isArray(value)) return value;
    throw wrong(this.#at(key), 'a list');
  }

  #at(key: string): string {
    return `${this.#path}.${key}`;
  }
}

function wrong(path: string, wanted: string): BangerError {
  return new BangerError('STATE_CORRUPT', `"${path}" must be ${wanted}`, {
    metadata: { field: path },
  });
}
