import { corrupt } from '../../../domain/corrupt.ts';

const SPACE = 0x20;
const EQUALS = 0x3d;
const NEWLINE = 0x0a;
const ZERO = 0x30;

/** Calls `visit` for each "LENGTH KEY=VALUE\n" of a PAX header. Values may hold any bytes, keys no NUL. */
export function readPaxRecords(data: Buffer, visit: (key: string, value: Buffer) => void): void {
  let start = 0;
  while (start < data.length) {
    const space = data.indexOf(SPACE, start);
    const end = start + parseLength(data, start, space);
    const equals = data.indexOf(EQUALS, space + 1);
    // A length that ends the record before its own value begins would hide bytes from other readers.
    if (equals <= space + 1 || equals >= end - 1 || end > data.length) throw malformed();
    if (data[end - 1] !== NEWLINE) throw malformed();
    const key = data.toString('latin1', space + 1, equals);
    if (key.includes('\0')) throw corrupt('PAX header has a NUL in a key');
    visit(key, data.subarray(equals + 1, end - 1));
    start = end;
  }
}

function parseLength(data: Buffer, start: number, space: number): number {
  if (space <= start) throw malformed();
  let length = 0;
  for (let at = start; at < space; at++) {
    const digit = (data[at] as number) - ZERO;
    if (digit < 0 || digit > 9) throw malformed();
    length = length * 10 + digit;
    if (length > data.length) throw malformed();
  }
  return length;
}

function malformed(): Error {
  return corrupt('PAX header is malformed');
}
