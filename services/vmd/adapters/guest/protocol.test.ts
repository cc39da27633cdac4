import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import * as protocol from './protocol.ts';

const HEADER = join(import.meta.dirname, '../../../../guest/src/wire/protocol.h');

/** NAME → value of every `#define NAME 12` and `NAME = 12,` in the guest's header. */
function readHeader(): [name: string, value: number][] {
  const text = readFileSync(HEADER, 'utf8');
  const lines = text.matchAll(/^(?:#define |\s+)([A-Z_]+)(?: =)? (0x[0-9a-f]+|\d+),?$/gm);
  return [...lines].map(([, name = '', value]) => [name, Number(value)]);
}

function findNumber(name: string): unknown {
  if (name.startsWith('FRAME_') && name !== 'FRAME_MAX') {
    return protocol.FRAME[name.slice(6) as keyof typeof protocol.FRAME];
  }
  if (name.startsWith('OP_')) return protocol.OP[name.slice(3) as keyof typeof protocol.OP];
  return Object.entries(protocol).find(([key]) => key === name)?.[1];
}

test('every number of the guest program is the same on this side', () => {
  const numbers = readHeader().filter(([name]) => !['STREAMS_MAX', 'MAGIC_BYTES'].includes(name));
  assert.ok(numbers.length > 50);
  for (const [name, value] of numbers) assert.equal(findNumber(name), value, name);
});
