import { BangerError } from '#kit/errors.ts';
import { printableName } from '#kit/names.ts';

/** A number of a request; protobuf gives any of its 32 bits. */
export function parseInteger(
  field: string,
  value: number,
  { min, max }: { min: number; max: number },
): number {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return value;
  throw invalidField(field, String(value), `a whole number from ${min} to ${max}`);
}

export function invalidField(field: string, value: string, wanted: string): BangerError {
  return new BangerError(
    'INVALID_FIELD',
    `${field} is "${printableName(value)}" and must be ${wanted}`,
    { metadata: { field } },
  );
}
