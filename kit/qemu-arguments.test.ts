import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OWN_SOCKETS, type QemuMachine, qemuArguments } from './qemu-arguments.ts';

const MACHINE: QemuMachine = {
  name: 'banger-1',
  vcpus: 2,
  memoryMib: 256,
  accelerator: 'tcg',
  tscKhz: 2_596_120,
  vmlinux: '/k/vmlinux',
  initrd: 'initrd',
  disks: [{ serial: 'root', file: { path: 'a,b.qcow2' }, format: 'qcow2', readOnly: false }],
  channels: OWN_SOCKETS,
  network: undefined,
  verboseConsole: false,
};

const valuesOf = (words: readonly string[], option: string) =>
  words.flatMap((word, index) => (word === option ? [words[index + 1] ?? ''] : []));
const optionOf = (words: readonly string[], option: string) => valuesOf(words, option)[0] ?? '';

test('a software-emulated guest is told the frequency of its clock, and kvm is not', () => {
  assert.match(optionOf(qemuArguments(MACHINE), '-append'), / tsc_early_khz=2596120 tsc=reliable$/);
  const kvm = qemuArguments({ ...MACHINE, accelerator: 'kvm' });
  assert.doesNotMatch(optionOf(kvm, '-append'), /tsc/);
  assert.equal(optionOf(kvm, '-accel'), 'kvm');
});

test('an emulated processor does not promise a fast copy by bytes, and a real one is passed on', () => {
  assert.match(optionOf(qemuArguments(MACHINE), '-cpu'), /^max,.*-erms/);
  assert.equal(optionOf(qemuArguments({ ...MACHINE, accelerator: 'kvm' }), '-cpu'), 'host');
});

test('the console is quiet unless asked for more', () => {
  assert.match(optionOf(qemuArguments(MACHINE), '-append'), /quiet/);
  const verbose = qemuArguments({ ...MACHINE, verboseConsole: true });
  assert.doesNotMatch(optionOf(verbose, '-append'), /quiet/);
});

test('a comma in a path does not become an option', () => {
  assert.match(optionOf(qemuArguments(MACHINE), '-blockdev'), /filename=a,,b\.qcow2,read-only=off/);
  const channels = { ...OWN_SOCKETS, qmp: { path: 'a,b.sock' } };
  const words = qemuArguments({ ...MACHINE, channels });
  assert.match(optionOf(words, '-chardev'), /path=a,,b\.sock,server=on/);
});

test('new processes and privileges are denied by the system call filter, always', () => {
  assert.equal(
    optionOf(qemuArguments(MACHINE), '-sandbox'),
    'on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny',
  );
});

test('the user network leads nowhere, unless through a gate', () => {
  const closed = qemuArguments({ ...MACHINE, network: { kind: 'closed', mac: 'm' } });
  assert.deepEqual(valuesOf(closed, '-netdev'), ['user,id=net,ipv6=off,restrict=on']);
  const network = { kind: 'gated', mac: 'm', guest: 3, outside: 4 } as const;
  const gated = qemuArguments({ ...MACHINE, network });
  const [nic, ...others] = valuesOf(gated, '-netdev');
  assert.equal(nic, 'socket,id=net,fd=3');
  assert.ok(others.includes('socket,id=gate,fd=4'));
  assert.match(valuesOf(gated, '-device').join(' '), /virtio-net-device,netdev=net,mac=m/);
});

test('a machine without a network has no network device', () => {
  assert.equal(qemuArguments(MACHINE).includes('-netdev'), false);
});

test('a disk that machines share is read-only and takes no lock', () => {
  const disks = [
    { serial: 'modules', file: { path: 'm' }, format: 'raw', readOnly: true },
  ] as const;
  const [file, node] = valuesOf(qemuArguments({ ...MACHINE, disks }), '-blockdev');
  assert.match(file ?? '', /filename=m,read-only=on,locking=off$/);
  assert.match(node ?? '', /node-name=modules,.*read-only=on$/);
});

test('what is inherited is named by its descriptor, the disk under an overlay too', () => {
  const words = qemuArguments({
    ...MACHINE,
    disks: [
      {
        serial: 'root',
        file: { descriptor: 9 },
        format: 'qcow2',
        readOnly: false,
        backing: { descriptor: 10 },
      },
    ],
    channels: { qmp: { descriptor: 14 }, guest: { descriptor: 15 }, console: { descriptor: 16 } },
    network: { kind: 'tap', mac: 'm', descriptor: 13 },
  });
  assert.deepEqual(valuesOf(words, '-add-fd'), ['fd=10,set=10', 'fd=9,set=9']);
  assert.deepEqual(valuesOf(words, '-blockdev'), [
    'driver=file,node-name=root-base-file,filename=/dev/fdset/10,read-only=on,locking=off',
    'driver=raw,node-name=root-base,file=root-base-file,read-only=on',
    'driver=file,node-name=root-file,filename=/dev/fdset/9,read-only=off,discard=unmap',
    'driver=qcow2,node-name=root,file=root-file,discard=unmap,backing=root-base',
  ]);
  assert.deepEqual(
    valuesOf(words, '-chardev').map((value) => /fd=(\d+)/.exec(value)?.[1]),
    ['14', '16', '15'],
  );
  assert.equal(optionOf(words, '-netdev'), 'tap,id=net,fd=13');
});
