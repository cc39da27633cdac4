import { BangerError } from '#kit/errors.ts';
import { type Branded, printableName } from '#kit/names.ts';
import { parseInteger } from '../host/fields.ts';

export type BridgeName = Branded<'BridgeName'>;
export type TapName = Branded<'TapName'>;

/** Names of devices have at most 15 bytes (IFNAMSIZ, with its end). */
const BRIDGE = /^br-banger(?:-[a-z0-9]{1,5})?$/;
const TAP = /^bgtap-(0|[1-9][0-9]{0,4})$/;
const MOST_TAPS = 65_536;
/** As many as a pool is ever filled with at once. */
const MOST_TAPS_PER_CALL = 256;

/** Only names of this form can be said at all, so no request reaches an interface of somebody else. */
export function parseBridgeName(text: string): BridgeName {
  if (BRIDGE.test(text)) return text as BridgeName;
  throw new BangerError(
    'OPERATION_REFUSED',
    `"${printableName(text)}" is no bridge of banger; those are called "br-banger" or "br-banger-" and up to 5 of a-z and 0-9`,
    { metadata: { bridge: printableName(text) } },
  );
}

export function isBridgeName(text: string): text is BridgeName {
  return BRIDGE.test(text);
}

export function parseTapIndex(field: string, value: number): number {
  return parseInteger(field, value, { min: 0, max: MOST_TAPS - 1 });
}

export function parseTapIndexes(values: readonly number[]): number[] {
  if (values.length < 1 || values.length > MOST_TAPS_PER_CALL) {
    throw new BangerError(
      'INVALID_FIELD',
      `indexes has ${values.length} entries and must have 1 to ${MOST_TAPS_PER_CALL}`,
      { metadata: { field: 'indexes' } },
    );
  }
  return [...new Set(values.map((value) => parseTapIndex('indexes', value)))];
}

export function tapName(index: number): TapName {
  return `bgtap-${index}` as TapName;
}

/** The index of a tap of ours; absent for any other device. */
export function findTapIndex(name: string): number | undefined {
  const index = Number(TAP.exec(name)?.[1] ?? Number.NaN);
  return index < MOST_TAPS ? index : undefined;
}
