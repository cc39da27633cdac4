import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type TestContext } from 'node:test';
import { failsWith } from '#kit/testing/fails-with.ts';
import { temporaryFolder } from '#kit/testing/temporary-folder.ts';
import { readImagedConfig } from './config.ts';

function read(t: TestContext, text: string) {
  const file = join(temporaryFolder(t), 'config.toml');
  writeFileSync(file, `[imaged]\n${text}\n`);
  return readImagedConfig(file);
}

test('mirrors are listed by the registry they stand for, in their order', (t) => {
  const list =
    '["docker.io=one.example/hub", "docker.io=http://two:5000", "ghcr.io=https://three"]';
  const { mirrors } = read(t, `mirrors = ${list}`);
  assert.deepEqual(Object.keys(mirrors), ['docker.io', 'ghcr.io']);
  assert.deepEqual(mirrors['docker.io'], [
    { host: 'one.example', insecure: false, repositoryPrefix: 'hub' },
    { host: 'two:5000', insecure: true },
  ]);
});

test('a mirror that cannot be read stops the service with its line', (t) => {
  const reading = () => read(t, 'mirrors = ["docker.io"]');
  assert.throws(reading, failsWith('INVALID_FIELD', /config\.toml:2.*REGISTRY=HOST/));
});
