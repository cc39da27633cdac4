import assert from 'node:assert/strict';
import { test } from 'node:test';
import Database from 'better-sqlite3';
import { nameStorageFailure } from './storage-failure.ts';

for (const [code, reason] of [
  ['ENOSPC', 'DISK_FULL'],
  ['EDQUOT', 'DISK_FULL'],
  ['SQLITE_FULL', 'DISK_FULL'],
  ['SQLITE_BUSY', 'SERVICE_UNAVAILABLE'],
  ['SQLITE_BUSY_SNAPSHOT', 'SERVICE_UNAVAILABLE'],
  ['SQLITE_CORRUPT', 'STATE_CORRUPT'],
  ['SQLITE_CORRUPT_INDEX', 'STATE_CORRUPT'],
  ['SQLITE_NOTADB', 'STATE_CORRUPT'],
] as const) {
  test(`${code} is ${reason}`, () => {
    const error = Object.assign(new Error('no'), { code });
    assert.equal(nameStorageFailure(error)?.reason, reason);
    assert.equal(nameStorageFailure(error)?.cause, error);
  });
}

test('what is a defect has no other name', () => {
  for (const error of [new Error('no'), Object.assign(new Error('no'), { code: 'EACCES' }), 'no']) {
    assert.equal(nameStorageFailure(error), undefined);
  }
});

test("SQLite's own errors are known", () => {
  const database = new Database(':memory:');
  database.exec('create table t (x); pragma max_page_count = 2');
  const fill = () => database.exec(`insert into t values (zeroblob(100000))`);
  assert.throws(fill, (error) => nameStorageFailure(error)?.reason === 'DISK_FULL');
  database.close();
});
