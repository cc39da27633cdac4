import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTarCount, parseTarNumber } from './tar-number.ts';

function parse(text: string, length = text.length): number {
  const block = Buffer.alloc(length);
  block.write(text, 'latin1');
  return parseTarNumber(block, { name: 'size', start: 0, length });
}

test('octal numbers may be padded by spaces or NULs on either side', () => {
  assert.equal(parse('0000644\0'), 0o644);
  assert.equal(parse('   644 \0'), 0o644);
  assert.equal(parse('\0\x00644  '), 0o644);
  assert.equal(parse('77777777'), 0o77777777);
  assert.equal(parse('', 8), 0);
});

test('what is not octal is refused', () => {
  for (const text of [
    '0000648\0',
    '12 34\0\0\0',
    '-000001\0',
    '0x1f\0\0\0\0',
    '1\x002\0\0\0\0\0',
  ]) {
    assert.throws(() => parse(text), { reason: 'IMAGE_CORRUPT', message: /size .* not a number/ });
  }
});

test("binary numbers are read in two's complement", () => {
  assert.equal(parse('\x80\0\0\0\0\0\x01\0'), 256);
  assert.equal(parse('\x80\0\0\0\0\0\0\x02\0\0\0\0'), 2 ** 33);
  assert.equal(parse('\xff\xff\xff\xff\xff\xff\xff\xff'), -1);
  assert.equal(parse('\xff\xff\xff\xff\xff\xff\xff\0'), -256);
});

test('binary numbers beyond what can be counted exactly are refused', () => {
  assert.equal(parse('\x80\x1f\xff\xff\xff\xff\xff\xff'), Number.MAX_SAFE_INTEGER);
  assert.throws(() => parse('\x80\x20\0\0\0\0\0\0'), /too large/);
  assert.throws(() => parse('\xbf\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff'), /too large/);
});

test('a count below zero is refused', () => {
  const block = Buffer.alloc(12, 0xff);
  const field = { name: 'size', start: 0, length: 12 };
  assert.equal(parseTarNumber(block, field), -1);
  assert.throws(() => parseTarCount(block, field), /size in the header is negative/);
});
