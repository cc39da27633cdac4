import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printableName } from './printable-name.ts';

function latin1(text: string): string {
  return Buffer.from(text).toString('latin1');
}

test('names that are text are shown as text', () => {
  assert.equal(printableName('etc/passwd'), '"etc/passwd"');
  assert.equal(printableName(latin1('Grüße/日本')), '"Grüße/日本"');
});

test('what could move a cursor, hide or reorder text is shown as an escape', () => {
  assert.equal(printableName('\x1b]0;x\x07'), '"\\x1b]0;x\\x07"');
  assert.equal(printableName('a\r\nb\0'), '"a\\x0d\\x0ab\\x00"');
  assert.equal(printableName('\x9b2J\x7f'), '"\\x9b2J\\x7f"');
  assert.equal(printableName(latin1('a\u202eb\u200b\u2028')), '"a\\u{202e}b\\u{200b}\\u{2028}"');
  assert.equal(printableName('quote" back\\slash'), '"quote\\" back\\\\slash"');
});

test('bytes that are no text are shown one by one', () => {
  assert.equal(printableName('\xff\xfe'), '"ÿþ"');
  assert.equal(printableName('\xff\x80'), '"ÿ\\x80"');
});

test('long names are cut', () => {
  assert.equal(printableName('n'.repeat(5000)), `"${'n'.repeat(160)}…"`);
});
