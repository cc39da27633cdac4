import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { BangerError } from '#kit/errors.ts';
import { buildGuest, hashSources, listSources } from './build.ts';

const signal = AbortSignal.timeout(110_000);

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'banger-guest-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('a missing compiler is told with the command that installs it', async (t) => {
  const path = process.env.PATH;
  t.after(() => {
    process.env.PATH = path;
  });
  process.env.PATH = temporaryFolder(t);
  const built = buildGuest({ cacheFolder: temporaryFolder(t), signal });
  await assert.rejects(built, (error) => {
    assert.ok(error instanceof BangerError && error.reason === 'HOST_NOT_READY');
    assert.match(error.message, /apt-get install musl-tools/);
    return true;
  });
});

test('a changed, added or renamed source gives another key', async (t) => {
  const folder = temporaryFolder(t);
  cpSync(join(import.meta.dirname, 'src/wire'), folder, { recursive: true });
  const key = async () => hashSources(folder, await listSources(folder), ['-Os']);
  const keys = [await key(), await hashSources(folder, await listSources(folder), ['-O2'])];
  writeFileSync(join(folder, 'new.c'), '');
  keys.push(await key());
  writeFileSync(join(folder, 'new.c'), 'x');
  keys.push(await key());
  rmSync(join(folder, 'new.c'));
  writeFileSync(join(folder, 'other.c'), 'x');
  keys.push(await key());
  assert.equal(new Set(keys).size, 5);
});
