import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { failsWith } from '#kit/testing/fails-with.ts';
import { clearPlace } from './clear-place.ts';
import { planWorkspace } from './plan.ts';
import { makeFolderGuest } from './testing/folder-guest.ts';
import { makeRepository } from './testing/git-repository.ts';
import { workspaceOptions } from './testing/prepared.ts';

/** A guest that was prepared once, and what would prepare it again. */
async function preparedOnce(t: TestContext) {
  const { root } = makeRepository(t, { a: 'a', b: 'b' });
  const guest = makeFolderGuest(t);
  const plan = await planWorkspace(workspaceOptions(root), guest.context.signal);
  await guest.prepare(plan);
  const clear = () =>
    clearPlace(guest.context, guest.vm, plan, { guestPath: '/root/repo', force: false });
  return { guest, clear };
}

test('work done in the guest is not overwritten, and what is in nobody’s way is no work', async (t) => {
  const { guest, clear } = await preparedOnce(t);
  writeFileSync(join(guest.root, 'build.log'), 'of the guest alone');
  await clear();
  writeFileSync(join(guest.root, 'a'), 'changed');
  await assert.rejects(clear(), failsWith('OPERATION_REFUSED', /"a" changed in vm "web".*--force/));
});

test('a folder that was removed in the guest has nothing to lose', async (t) => {
  const { guest, clear } = await preparedOnce(t);
  rmSync(guest.root, { recursive: true });
  await clear();
});
