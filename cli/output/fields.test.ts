import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from './error.ts';
import { formatFields } from './fields.ts';

const ROW = {
  failure: undefined,
  name: 'web',
  spec: { vcpus: 2 },
  at: new Date(0),
  said: 'a\tb\n',
  ports: [1],
};

test('fields stand in one line in the order asked for, inner ones by their path', () => {
  assert.equal(
    formatFields(ROW, ['spec.vcpus', 'name', 'at', 'ports', 'said']),
    '2\tweb\t1970-01-01T00:00:00.000Z\t[1]\ta b ',
  );
});

test('a part that is not there at the moment is empty, a field that never is there is refused', () => {
  assert.equal(
    formatFields(ROW, ['spec.nothing.deeper', 'failure.reason', 'failure', 'name']),
    '\t\t\tweb',
  );
  assert.throws(() => formatFields(ROW, ['nmae']), UsageError);
  assert.throws(() => formatFields(ROW, ['toString']), UsageError);
});
