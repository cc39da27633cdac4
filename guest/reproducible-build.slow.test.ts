import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { buildGuest } from './build.ts';

const signal = AbortSignal.timeout(110_000);

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'banger-guest-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('the same sources give the same bytes, without a warning, and are compiled once', async (t) => {
  const folders = [temporaryFolder(t), temporaryFolder(t)];
  const paths = await Promise.all(
    folders.map((cacheFolder) => buildGuest({ cacheFolder, signal, warningsAreErrors: true })),
  );
  const [one, other] = paths.map((path) => readFileSync(path));
  assert.ok(one !== undefined && other !== undefined && one.equals(other));
  assert.ok(one.length < 250_000, `${one.length} bytes`);
  writeFileSync(paths[0] ?? '', 'cached');
  const again = await buildGuest({ cacheFolder: folders[0] ?? '', signal });
  assert.equal(readFileSync(again, 'utf8'), 'cached');
  assert.equal(readdirSync(folders[0] ?? '').length, 1);
});
