import { corrupt } from '../../../domain/corrupt.ts';

export type Field = { readonly name: string; readonly start: number; readonly length: number };

const SPACE = 0x20;
const ZERO = 0x30;
const SEVEN = 0x37;

/** A number of a tar header: octal text, or binary (GNU's and star's base-256) when the top bit is set. */
export function parseTarNumber(block: Buffer, field: Field): number {
  const first = block[field.start] ?? 0;
  return (first & 0x80) === 0 ? parseOctal(block, field) : parseBase256(block, field);
}

/** The same for what can not be below zero, which is everything but times. */
export function parseTarCount(block: Buffer, field: Field): number {
  const value = parseTarNumber(block, field);
  if (value < 0) throw corrupt(`${field.name} in the header is negative`);
  return value;
}

/** Writers pad with spaces or NULs, before or after; an empty field is zero. */
function parseOctal(block: Buffer, field: Field): number {
  const end = field.start + field.length;
  let at = field.start;
  while (at < end && isPadding(block[at])) at++;
  let value = 0;
  for (; at < end; at++) {
    const byte = block[at] ?? 0;
    if (byte < ZERO || byte > SEVEN) break;
    value = value * 8 + (byte - ZERO);
  }
  while (at < end && isPadding(block[at])) at++;
  if (at < end) throw corrupt(`${field.name} in the header is not a number`);
  return value;
}

/** Two's complement, big-endian, with the top bit as the mark and the next one as the sign. */
function parseBase256(block: Buffer, field: Field): number {
  const first = block[field.start] ?? 0;
  const flip = (first & 0x40) === 0 ? 0 : 0xff;
  let value = (first ^ flip) & 0x3f;
  for (let at = field.start + 1; at < field.start + field.length; at++) {
    value = value * 256 + ((block[at] ?? 0) ^ flip);
  }
  if (value > Number.MAX_SAFE_INTEGER) throw corrupt(`${field.name} in the header is too large`);
  return flip === 0 ? value : -value - 1;
}

function isPadding(byte: number | undefined): boolean {
  return byte === SPACE || byte === 0;
}
