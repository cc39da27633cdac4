import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parsePlace } from './place.ts';

test('a name and a colon mean a guest, everything else is here', () => {
  assert.deepEqual(parsePlace('web:/etc/app/', '/home'), {
    kind: 'guest',
    vm: 'web',
    path: '/etc/app',
    asFolder: true,
  });
  assert.deepEqual(parsePlace('web:', '/home'), {
    kind: 'guest',
    vm: 'web',
    path: '/root',
    asFolder: true,
  });
  assert.deepEqual(parsePlace('web:../etc', '/home'), {
    kind: 'guest',
    vm: 'web',
    path: '/etc',
    asFolder: false,
  });
  for (const [text, path] of [
    ['./web:x', '/home/web:x'],
    ['/a b', '/a b'],
    ['C:', '/home/C:'],
  ] as const) {
    assert.deepEqual(parsePlace(text, '/home'), { kind: 'host', path, asFolder: false });
  }
  assert.deepEqual(parsePlace('-', '/home'), { kind: 'stream' });
  assert.throws(() => parsePlace('', '/home'), /cannot be empty/);
});
