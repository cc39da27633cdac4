import assert from 'node:assert/strict';
import { test } from 'node:test';
import { INSTALLED, localPaths } from './paths.ts';
import { formatServiceArguments, parseServiceArguments } from './service-arguments.ts';
import { failsWith } from './testing/fails-with.ts';

test('without arguments a service is an installed one', () => {
  assert.deepEqual(parseServiceArguments([]), { paths: INSTALLED, owner: undefined });
});

test('what the command line passes is what the service reads', () => {
  const paths = localPaths({ HOME: '/home/a b' }, 1000);
  assert.deepEqual(parseServiceArguments(formatServiceArguments(paths, 1000)), {
    paths,
    owner: 1000,
  });
});

test('a single folder may be another one', () => {
  const { paths } = parseServiceArguments(['--state', '/srv/banger']);
  assert.deepEqual(paths, { ...INSTALLED, state: '/srv/banger' });
});

test('what cannot be meant is refused', () => {
  const mode = failsWith('INVALID_FIELD', /--mode is "installed" or "local", not "x"/);
  assert.throws(() => parseServiceArguments(['--mode', 'x']), mode);
  assert.throws(() => parseServiceArguments(['--stat', '/srv']), /--stat/);
  assert.throws(() => parseServiceArguments(['extra']), /extra/);
  for (const owner of ['', 'ada', '-1', '1.5']) {
    assert.throws(
      () => parseServiceArguments([`--owner=${owner}`]),
      failsWith('INVALID_FIELD', /--owner is the number of a user/),
      owner,
    );
  }
  assert.throws(
    () => parseServiceArguments(['--runtime', 'relative']),
    failsWith('INVALID_FIELD', /--runtime is an absolute path, not "relative"/),
  );
});
