import { isAbsolute } from 'node:path';
import type { Setting } from './config-file.ts';
import { parseDuration } from './duration.ts';
import { parseSize } from './size.ts';

export function text<Fallback extends string | undefined>(
  fallback: Fallback,
): Setting<string | Fallback> {
  return { fallback, parse: asText };
}

export function oneOf<const Choice extends string>(
  choices: readonly Choice[],
  fallback: Choice,
): Setting<Choice> {
  return {
    fallback,
    parse: (value) => {
      const found = choices.find((choice) => choice === value);
      if (found === undefined) throw new Error(`one of ${choices.join(', ')} is wanted`);
      return found;
    },
  };
}

export function flag(fallback: boolean): Setting<boolean> {
  return {
    fallback,
    parse: (value) => {
      if (typeof value !== 'boolean') throw new Error('true or false is wanted');
      return value;
    },
  };
}

export function integer<Fallback extends number | undefined>(
  fallback: Fallback,
  range: { min: number; max: number },
): Setting<number | Fallback> {
  return {
    fallback,
    parse: (value) => {
      const fits =
        typeof value === 'number' &&
        Number.isInteger(value) &&
        value >= range.min &&
        value <= range.max;
      if (!fits) throw new Error(`a whole number from ${range.min} to ${range.max} is wanted`);
      return value;
    },
  };
}

/** "8G" in the file, bytes in the program. */
export function size<Fallback extends number | undefined>(
  fallback: Fallback,
): Setting<number | Fallback> {
  return { fallback, parse: (value) => parseSize(asText(value)) };
}

/** "10s" in the file, milliseconds in the program. */
export function duration(fallbackMs: number): Setting<number> {
  return { fallback: fallbackMs, parse: (value) => parseDuration(asText(value)) };
}

export function path<Fallback extends string | undefined>(
  fallback: Fallback,
): Setting<string | Fallback> {
  return {
    fallback,
    parse: (value) => {
      const found = asText(value);
      if (!isAbsolute(found)) throw new Error('an absolute path is wanted');
      return found;
    },
  };
}

export function texts(fallback: readonly string[]): Setting<readonly string[]> {
  return {
    fallback,
    parse: (value) => {
      if (!Array.isArray(value)) throw new Error('a list of texts is wanted');
      return value.map(asText);
    },
  };
}

function asText(value: unknown): string {
  if (typeof value !== 'string') throw new Error('a text in quotes is wanted');
  return value;
}
