import { BangerError } from '#kit/errors.ts';
import type { DnsName } from '../domain/dns-answer.ts';

/** RFC 1035 section 2.3.4. */
const LONGEST_LABEL = 63;
const LONGEST_NAME = 255;
const HEADER_BYTES = 12;
/** A name has at most 127 labels, and honest senders point once or twice. */
const MOST_POINTERS = 64;

/**
 * Reads a name and says where the next field begins. A pointer must lead backwards, past the header and not for
 * ever: otherwise a few bytes could keep us busy without end.
 */
export function readName(bytes: Buffer, start: number): { name: DnsName; next: number } {
  const labels: string[] = [];
  let length = 1;
  let at = start;
  let next: number | undefined;
  for (let pointers = 0; ; ) {
    const size = byteAt(bytes, at);
    if (size === 0) return { name: labels, next: next ?? at + 1 };
    if (size >= 0xc0) {
      const target = (size - 0xc0) * 256 + byteAt(bytes, at + 1);
      if (target >= at || target < HEADER_BYTES || ++pointers > MOST_POINTERS) {
        throw malformed('a pointer of a name leads nowhere');
      }
      next ??= at + 2;
      at = target;
    } else {
      length += size + 1;
      if (size > LONGEST_LABEL || length > LONGEST_NAME) throw malformed('a name is too long');
      if (at + 1 + size > bytes.length) throw malformed('a name is cut off');
      labels.push(bytes.toString('latin1', at + 1, at + 1 + size));
      at += 1 + size;
    }
  }
}

export function encodeName(name: DnsName): Buffer {
  const labels = name.map((label) => Buffer.from(label, 'latin1'));
  return Buffer.concat([
    ...labels.flatMap((label) => [Buffer.of(label.length), label]),
    Buffer.of(0),
  ]);
}

export function isSameName(a: DnsName, b: DnsName): boolean {
  return a.length === b.length && a.every((label, at) => label === b[at]);
}

export function malformed(what: string): BangerError {
  return new BangerError('INVALID_FIELD', `not a DNS message: ${what}`);
}

function byteAt(bytes: Buffer, at: number): number {
  const byte = bytes[at];
  if (byte === undefined) throw malformed('a name is cut off');
  return byte;
}
