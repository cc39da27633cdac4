import assert from 'node:assert/strict';
import { chmodSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { BangerError } from '#kit/errors.ts';
import { temporaryFolder } from '#kit/testing/temporary-folder.ts';
import { checkJailedVmm, checkJailProgram, checkTunDevice } from './host-tools.ts';

test('a host without /dev/net/tun is told how to get it', (t) => {
  assert.equal(checkTunDevice('/dev/null').status, 'pass');
  const check = checkTunDevice(join(temporaryFolder(t), 'tun'));
  assert.deepEqual([check.status, check.remedy], ['fail', 'modprobe tun']);
});

test('an emulator that is missing names its package', () => {
  const check = checkJailedVmm('/nonexistent/qemu');
  assert.deepEqual([check.status, check.packages], ['fail', ['qemu-system-x86']]);
});

test("an emulator that others can write, or a link to one, is not run as root's", (t) => {
  const folder = temporaryFolder(t);
  const program = join(folder, 'qemu');
  writeFileSync(program, '');
  chmodSync(program, 0o757);
  symlinkSync('/bin/true', join(folder, 'link'));
  for (const path of [program, join(folder, 'link'), folder]) {
    const check = checkJailedVmm(path);
    assert.match(check.detail, /must be a program of root's that nobody else can write/);
  }
});

test('a jail program that cannot be built says why', async () => {
  assert.equal((await checkJailProgram(async () => '/dist/jail')).status, 'pass');
  const check = await checkJailProgram(() =>
    Promise.reject(new BangerError('HOST_NOT_READY', 'no C compiler')),
  );
  assert.deepEqual([check.status, check.detail], ['fail', 'no C compiler']);
});
