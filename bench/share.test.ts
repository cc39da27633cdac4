import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Scope } from './row.ts';
import { createShare } from './share.ts';

function openWhole(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'banger-share-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return { folder, cleanup: new AsyncDisposableStack() };
}

test('what is shared is made once, also for two who ask at the same time', async (t) => {
  const share = createShare(openWhole(t));
  let made = 0;
  const make = async () => ({ number: ++made });
  const [first, second] = await Promise.all([share(make), share(make)]);
  assert.equal(first, second);
  assert.equal(await share(make), first);
  assert.equal(made, 1);
});

test('each maker has a folder of its own, and may ask for what others make', async (t) => {
  const share = createShare(openWhole(t));
  const inner = async ({ folder }: Scope) => folder;
  const outer = async (scope: Scope) => [scope.folder, await scope.share(inner)];
  const [own, other] = await share(outer);
  assert.notEqual(own, other);
  assert.equal(other, await share(inner));
});
