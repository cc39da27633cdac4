import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findLinkFault, findNameFault } from './check-name.ts';

const HOSTILE = [
  '../../etc/passwd',
  '/etc/passwd',
  'a/../../b',
  '..',
  '.git',
  '.git/hooks/post-checkout',
  'sub/.GIT/config',
  '.g\u200cit/config',
  'git~1/config',
  'GIT~1',
  '.git /x',
  '.git.',
  '.git::$INDEX_ALLOCATION/config',
  '.git\\config',
  'a//b',
  './a',
  'a/',
  'a\0b',
];

for (const path of HOSTILE) {
  test(`a guest may not send a file ${JSON.stringify(path)}`, () => {
    assert.notEqual(findNameFault(Buffer.from(path)), undefined);
  });
}

test('names that only look like it, and names of any bytes, are taken', () => {
  for (const path of [
    '.gitignore',
    'sub/.gitmodules',
    'git',
    '.github/x',
    'a..b',
    '...',
    'git~10',
  ]) {
    assert.equal(findNameFault(Buffer.from(path)), undefined, path);
  }
  assert.equal(findNameFault(Buffer.from([0x72, 0xff, 0x0a, 0x22])), undefined);
});

test('a link may lead anywhere in the repository and nowhere else', () => {
  const fault = (path: string, target: string) =>
    findLinkFault(Buffer.from(path), Buffer.from(target));
  for (const target of ['/etc', '../x', 'a/../../x', 'a/../..']) {
    assert.match(String(fault('link', target)), /outside of the repository/, target);
  }
  assert.match(String(fault('a/link', '../../x')), /outside/);
  for (const [path, target] of [
    ['a/b/link', '../../x'],
    ['link', 'a/../b'],
    ['link', 'x'],
  ] as const) {
    assert.equal(fault(path, target), undefined);
  }
});
