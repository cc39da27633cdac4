import { isUtf8 } from 'node:buffer';

const LONGEST = 160;

/** Control, format (which holds the bidirectional overrides), surrogate, private and unassigned characters. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}"\\]/gu;

/** A name from an image, quoted for a message. */
export function printableName(latin1: string): string {
  return `"${printableText(latin1)}"`;
}

/**
 * Whoever built the image chose these bytes, so nothing in them may reach a terminal or a log as
 * anything but visible text.
 */
export function printableText(latin1: string): string {
  const bytes = Buffer.from(latin1, 'latin1');
  const text = isUtf8(bytes) ? bytes.toString('utf8') : latin1;
  const safe = text.slice(0, LONGEST).replace(UNPRINTABLE, escapeCharacter);
  return text.length > LONGEST ? `${safe}…` : safe;
}

function escapeCharacter(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`;
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}
