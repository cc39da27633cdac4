import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { readConfig, readConfigList } from './config-file.ts';
import { integer, oneOf, text } from './settings.ts';
import { failsWith } from './testing/fails-with.ts';
import { temporaryFolder } from './testing/temporary-folder.ts';

const TOP = { log_level: oneOf(['info', 'debug'], 'info') };
const NETD = { bridge: text('br-banger'), pool: integer(8, { min: 0, max: 64 }) };

function fileWith(t: TestContext, content: string): string {
  const file = join(temporaryFolder(t), 'config.toml');
  writeFileSync(file, content);
  return file;
}

test('a file that is not there means that every default holds', () => {
  assert.deepEqual(readConfig('/nonexistent/config.toml', 'netd', NETD), {
    bridge: 'br-banger',
    pool: 8,
  });
});

test('each program reads its own table and leaves those of others alone', (t) => {
  const file = fileWith(t, 'log_level = "debug"\n[netd]\npool = 4\n[vmd]\nanything = 1\n');
  assert.deepEqual(readConfig(file, '', TOP), { log_level: 'debug' });
  assert.deepEqual(readConfig(file, 'netd', NETD), { bridge: 'br-banger', pool: 4 });
});

test('what was read cannot be changed', (t) => {
  const config = readConfig(fileWith(t, ''), 'netd', NETD);
  assert.throws(() => Object.assign(config, { pool: 1 }), TypeError);
});

test('an unknown key is told with its line and the nearest one that exists', (t) => {
  const file = fileWith(t, '# about\n[netd]\n\nbrigde = "br-x"\n');
  assert.throws(
    () => readConfig(file, 'netd', NETD),
    (error) =>
      failsWith('INVALID_FIELD', /"netd\.brigde"; did you mean "bridge"\?$/)(error) &&
      error instanceof Error &&
      error.message.startsWith(`${file}:4: `),
  );
});

test('an unknown key that is like none is told with all that exist', (t) => {
  const file = fileWith(t, '[netd]\nkubernetes = true\n');
  assert.throws(
    () => readConfig(file, 'netd', NETD),
    failsWith('INVALID_FIELD', /:2: .*known are: bridge, pool$/),
  );
});

test('an unknown table is told with its line and the nearest one', (t) => {
  const file = fileWith(t, 'log_level = "info"\n\n[imgaed]\n');
  assert.throws(
    () => readConfig(file, '', TOP),
    failsWith('INVALID_FIELD', /config\.toml:3: no setting is called "imgaed".*"imaged"/),
  );
});

test('a value of the wrong kind is told with its line and what is wanted', (t) => {
  const file = fileWith(t, '[vmd]\npool = 4\n[netd]\npool = "many"\n');
  assert.throws(
    () => readConfig(file, 'netd', NETD),
    failsWith('INVALID_FIELD', /config\.toml:4: "netd\.pool": a whole number from 0 to 64/),
  );
});

test('a value where a table belongs is refused, and so is a list of tables', (t) => {
  for (const content of ['netd = 1\n', '[[netd]]\n', 'netd = 2020-01-01\n']) {
    const file = fileWith(t, `\n${content}`);
    assert.throws(
      () => readConfig(file, 'netd', NETD),
      failsWith('INVALID_FIELD', /config\.toml:2: "netd": a table is wanted/),
      content,
    );
  }
});

test('a file that is no TOML is told with the line where it stops being that', (t) => {
  const file = fileWith(t, 'log_level = "info"\n[netd\npool = 4\n');
  assert.throws(
    () => readConfig(file, 'netd', NETD),
    failsWith('INVALID_FIELD', /config\.toml:2: /),
  );
});

test('a key that is set twice is refused', (t) => {
  const file = fileWith(t, '[netd]\npool = 4\npool = 5\n');
  assert.throws(
    () => readConfig(file, 'netd', NETD),
    failsWith('INVALID_FIELD', /config\.toml:3: /),
  );
});

test('names that every object has are as unknown as others', (t) => {
  for (const key of ['__proto__', 'constructor', 'toString']) {
    const file = fileWith(t, `[netd]\n${key} = 1\n`);
    assert.throws(() => readConfig(file, 'netd', NETD), failsWith('INVALID_FIELD', /:2: /), key);
  }
});

test('a file that cannot be read is an error and not an empty configuration', (t) => {
  const folder = join(temporaryFolder(t), 'config.toml');
  mkdirSync(folder);
  assert.throws(() => readConfig(folder, 'netd', NETD), failsWith('INVALID_FIELD', /EISDIR/));
});

const ENTRY = { host: { ...text(''), required: true }, mode: text('0600') };

test('each table of a list gets the settings, and a list that is not there is empty', (t) => {
  const file = fileWith(t, '[[file_sync]]\nhost = "a"\n[[file_sync]]\nhost = "b"\nmode = "0644"\n');
  assert.deepEqual(
    readConfigList(file, 'file_sync', ENTRY).map((entry) => ({ ...entry })),
    [
      { host: 'a', mode: '0600' },
      { host: 'b', mode: '0644' },
    ],
  );
  assert.deepEqual(readConfigList(fileWith(t, ''), 'file_sync', ENTRY), []);
});

test('what is wrong in a table of a list is told with its place and line', (t) => {
  const bad = '[[file_sync]]\nhost = "a"\n\n[[file_sync]]\n';
  for (const [more, line, why] of [
    ['hots = "b"\n', 5, /file_sync\[1\]\.hots.*did you mean "host"/],
    ['host = 7\n', 5, /file_sync\[1\]\.host/],
    ['mode = "0600"\n', 4, /file_sync\[1\]\.host": missing/],
  ] as const) {
    const file = fileWith(t, `${bad}${more}`);
    const read = () => readConfigList(file, 'file_sync', ENTRY);
    assert.throws(read, failsWith('INVALID_FIELD', why));
    assert.throws(read, failsWith('INVALID_FIELD', new RegExp(`config\\.toml:${line}: `)));
  }
  const single = fileWith(t, '[file_sync]\nhost = "a"\n');
  assert.throws(
    () => readConfigList(single, 'file_sync', ENTRY),
    failsWith('INVALID_FIELD', /write \[\[file_sync\]\]/),
  );
});
