import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BangerError } from './errors.ts';
import { parseImageName, parseVmId, parseVmName, printableName } from './names.ts';
import { failsWith } from './testing/fails-with.ts';

/** What a terminal, a log or a header would take as more than text. */
const HARMFUL = /\p{C}|[\u2028\u2029]/u;

/** Names that are meant to look like others, to leave a folder, or to break what prints them. */
const HOSTILE = [
  '',
  ' ',
  'web ',
  'Web',
  'wеb', // a Cyrillic letter
  'ｗｅｂ', // full width
  'web\u200b',
  'web\u202egnp',
  'web\0',
  'web\n',
  'web\x1b[2J',
  'web\u2028',
  '.',
  '..',
  '../etc',
  'a/b',
  'a\\b',
  '-web',
  'web-',
  '--help',
  '$(id)',
  'web;id',
  'ＡＢＣ',
  'é',
  'e\u0301',
  '😀',
  'a'.repeat(1_000_000),
];

test('names of vms are host names', () => {
  for (const name of ['a', '0', 'web', 'web-1', 'a'.repeat(63)])
    assert.equal(parseVmName(name), name);
  for (const name of [...HOSTILE, 'a.b', 'a_b', 'a'.repeat(64)]) {
    assert.throws(() => parseVmName(name), failsWith('INVALID_NAME', /cannot name a vm/), name);
  }
});

test('names of images are safe as names of files', () => {
  for (const name of ['a', 'debian-12', 'node_24.1', 'a'.repeat(128)]) {
    assert.equal(parseImageName(name), name);
  }
  for (const name of [...HOSTILE, 'a..b', '.a', 'a.', '_a', 'a'.repeat(129)]) {
    assert.throws(
      () => parseImageName(name),
      failsWith('INVALID_NAME', /cannot name an image/),
      name,
    );
  }
});

test('ids are sixteen hexadecimal digits', () => {
  assert.equal(parseVmId('0123456789abcdef'), '0123456789abcdef');
  for (const id of [
    '',
    '0123456789ABCDEF',
    '0123456789abcde',
    '0123456789abcdef0',
    'g'.repeat(16),
  ]) {
    assert.throws(() => parseVmId(id), failsWith('INVALID_REFERENCE', /is not the id of a vm/), id);
  }
});

test('a refused name cannot harm whoever prints the message', () => {
  for (const name of HOSTILE) {
    assert.throws(
      () => parseVmName(name),
      (error) => {
        assert.ok(error instanceof BangerError);
        const printed = `${error.message}${error.metadata.name}`;
        return !HARMFUL.test(printed) && printed.length < 500;
      },
      name,
    );
  }
});

test('control characters are shown by their numbers', () => {
  assert.equal(printableName('a\x1b[2Jb\0'), 'a\\u{1b}[2Jb\\u{0}');
});

test('a long text is cut between characters, never inside one', () => {
  for (let length = 90; length < 110; length++) {
    const printed = printableName(`${'a'.repeat(length)}${'😀'.repeat(20)}`);
    assert.ok(printed.isWellFormed(), printed);
    assert.ok(printed.length <= 110);
  }
});
