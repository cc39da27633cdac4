import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { callOf } from '#kit/testing/call-of.ts';
import { temporaryFolder } from '#kit/testing/temporary-folder.ts';
import { checkQemu } from './check-host.ts';

const bootId = () => 'this-boot';

test('a host without QEMU fails, with the package that mends it', async (t) => {
  const options = { qemu: '/nowhere/qemu', folder: temporaryFolder(t), bootId };
  const [row] = await checkQemu(options, callOf());
  assert.equal(row?.status, 'fail');
  assert.deepEqual(row.packages, ['qemu-system-x86']);
});

test('the verdict of the probe counts, unless it is of another boot of the host', {
  skip: existsSync('/dev/kvm') ? false : 'needs /dev/kvm',
}, async (t) => {
  const folder = temporaryFolder(t);
  const options = { qemu: '/nowhere/qemu', folder, bootId };
  const kvm = async () => (await checkQemu(options, callOf()))[1];
  const record = (accelerator: string, boot: string) =>
    writeFileSync(join(folder, 'kvm-k1.json'), JSON.stringify({ accelerator, bootId: boot }));
  record('tcg', 'this-boot');
  assert.match((await kvm())?.detail ?? '', /did not come up under it/);
  record('kvm', 'this-boot');
  assert.equal((await kvm())?.status, 'pass');
  record('tcg', 'another-boot');
  assert.doesNotMatch((await kvm())?.detail ?? '', /did not come up under it/);
});
