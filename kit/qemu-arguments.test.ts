import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type QemuMachine, qemuArguments } from './qemu-arguments.ts';

const MACHINE: QemuMachine = {
  name: 'banger-1',
  vcpus: 2,
  memoryMib: 256,
  accelerator: 'tcg',
  tscKhz: 2_596_120,
  vmlinux: '/k/vmlinux',
  initrd: 'initrd',
  disks: [{ serial: 'root', path: 'a,b.qcow2', format: 'qcow2', readOnly: false }],
  network: undefined,
  verboseConsole: false,
};

const optionOf = (words: readonly string[], option: string) =>
  words[words.indexOf(option) + 1] ?? '';

test('a software-emulated guest is told the frequency of its clock', () => {
  assert.match(optionOf(qemuArguments(MACHINE), '-append'), /tsc_early_khz=2596120/);
  const kvm = qemuArguments({ ...MACHINE, accelerator: 'kvm' });
  assert.doesNotMatch(optionOf(kvm, '-append'), /tsc_early_khz/);
});

test('a comma in a path does not become an option', () => {
  assert.match(optionOf(qemuArguments(MACHINE), '-drive'), /file=a,,b\.qcow2,format/);
});

test('seccomp is always on', () => {
  assert.match(optionOf(qemuArguments(MACHINE), '-sandbox'), /^on,.*spawn=deny/);
});

test('the user network is closed unless the outside was asked for', () => {
  const network = (nat: boolean) =>
    optionOf(qemuArguments({ ...MACHINE, network: { kind: 'user', mac: 'm', nat } }), '-netdev');
  assert.match(network(false), /restrict=on/);
  assert.match(network(true), /restrict=off/);
});

test('a machine without a network has no network device', () => {
  assert.equal(qemuArguments(MACHINE).includes('-netdev'), false);
});

test('a disk that machines share is read-only and takes no lock', () => {
  const disks = [{ serial: 'modules', path: 'm', format: 'raw', readOnly: true }] as const;
  assert.match(
    optionOf(qemuArguments({ ...MACHINE, disks }), '-drive'),
    /readonly=on,file\.locking=off/,
  );
});
