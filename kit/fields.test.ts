import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Fields } from './fields.ts';
import { failsWith } from './testing/fails-with.ts';

const FULL = {
  name: 'web',
  count: 3,
  on: true,
  at: '2026-01-02T03:04:05.000Z',
  inner: { name: 'x' },
  list: [{ name: 'a' }, { name: 'b' }],
  words: ['a', 'b'],
  map: { a: '1' },
};

test('fields that are as they should be are read', () => {
  const from = new Fields(FULL, 'vm');
  assert.equal(from.text('name'), 'web');
  assert.equal(from.number('count'), 3);
  assert.equal(from.flag('on'), true);
  assert.deepEqual(from.date('at'), new Date(FULL.at));
  assert.equal(from.fields('inner').text('name'), 'x');
  assert.deepEqual(
    from.list('list', (item) => item.text('name')),
    ['a', 'b'],
  );
  assert.deepEqual(from.texts('words'), ['a', 'b']);
  assert.deepEqual(from.textMap('map'), { a: '1' });
  assert.equal(from.choice('name', ['web', 'db']), 'web');
});

test('an absent optional field adds nothing, a present one is read', () => {
  const from = new Fields(FULL, 'vm');
  assert.deepEqual(
    from.optional('missing', () => 1),
    {},
  );
  assert.deepEqual(
    from.optional('inner', (inner) => inner.text('name')),
    { inner: 'x' },
  );
});

test('a mark that is not set, or older than the record, is left out', () => {
  const from = new Fields({ set: true, unset: false }, 'vm');
  assert.deepEqual(
    { ...from.mark('set'), ...from.mark('unset'), ...from.mark('absent') },
    { set: true },
  );
});

test('a field that is wrong is named with its whole path', () => {
  const from = new Fields({ list: [{ name: 'a' }, { name: 7 }] }, 'vm');
  assert.throws(
    () => from.list('list', (item) => item.text('name')),
    failsWith('STATE_CORRUPT', /"vm\.list\[1\]\.name" must be a text/),
  );
  for (const wrong of [null, 7, 'text', []]) {
    assert.throws(
      () => new Fields(wrong, 'vm'),
      failsWith('STATE_CORRUPT', /"vm" must be an object/),
    );
  }
  assert.throws(
    () => new Fields({ at: 'yesterday' }, 'vm').date('at'),
    failsWith('STATE_CORRUPT', /a date/),
  );
});
