import assert from 'node:assert/strict';
import { readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { parseVmId } from '#kit/names.ts';
import { temporaryFolder } from '#kit/testing/temporary-folder.ts';
import { findProcess } from './process.ts';
import { openRecords } from './records.ts';

const VM_ID = parseVmId('aaaaaaaaaaaaaaaa');

/** A record that is true of this very process, as far as the given facts do not say otherwise. */
function recordSelf(t: TestContext, given: Partial<Record<string, number>> = {}) {
  const folder = temporaryFolder(t);
  const facts = {
    uid: process.getuid?.(),
    pid: process.pid,
    startTicks: findProcess(process.pid)?.startTicks,
    mountNamespace: statSync('/proc/self/ns/mnt').ino,
    ...given,
  };
  writeFileSync(join(folder, VM_ID), `${JSON.stringify(facts)}\n`);
  return openRecords(folder);
}

test('a process is proven by its number, start time, user and jail', (t) => {
  const vmm = recordSelf(t).findVmm(VM_ID);
  assert.equal(vmm?.pid, process.pid);
});

test('a process that differs in one of them is not', (t) => {
  for (const lie of [{ uid: 1 }, { pid: 1 }, { startTicks: 1 }, { mountNamespace: 1 }]) {
    assert.equal(recordSelf(t, lie).findVmm(VM_ID), undefined, JSON.stringify(lie));
  }
});

test('a record that cannot be read proves nothing', (t) => {
  const folder = temporaryFolder(t);
  const records = openRecords(folder);
  assert.equal(records.findVmm(VM_ID), undefined);
  for (const text of [
    '',
    '{',
    'null',
    '{"uid":1}',
    '{"uid":-1,"pid":1,"startTicks":1,"mountNamespace":1}',
  ]) {
    writeFileSync(join(folder, VM_ID), text);
    assert.equal(records.findVmm(VM_ID), undefined, text);
    assert.deepEqual(records.uids(), []);
  }
});

test('a uid is taken for as long as there is a record, whether the vmm lives or not', (t) => {
  assert.deepEqual(recordSelf(t, { uid: 80_123, pid: 1 }).uids(), [80_123]);
});

test('only records of vms are listed', (t) => {
  const folder = temporaryFolder(t);
  for (const name of [VM_ID, 'other', `${VM_ID}.tmp`, 'BBBBBBBBBBBBBBBB']) {
    writeFileSync(join(folder, name), '');
  }
  assert.deepEqual(openRecords(folder).vmIds(), [VM_ID]);
});

test('a record is opened for its owner alone, and never through a link', (t) => {
  const folder = temporaryFolder(t);
  const records = openRecords(folder);
  {
    using record = records.open(VM_ID);
    writeFileSync(record.writeFd, 'text');
    assert.throws(() => writeFileSync(record.lockFd, 'text'), { code: 'EBADF' });
  }
  assert.equal(readFileSync(join(folder, VM_ID), 'utf8'), 'text');
  assert.equal(statSync(join(folder, VM_ID)).mode & 0o777, 0o600);
  symlinkSync('/etc/passwd', join(folder, 'bbbbbbbbbbbbbbbb'));
  assert.throws(() => records.open(parseVmId('bbbbbbbbbbbbbbbb')), { code: 'ELOOP' });
  records.remove(VM_ID);
  records.remove(VM_ID);
});
