import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Mac } from '#kit/ipv4.ts';
import { parseVmId } from '#kit/names.ts';
import { type Machine, qemuCommand, type VmmDescriptors } from './qemu-command.ts';

const MACHINE: Machine = {
  vmId: parseVmId('aaaaaaaaaaaaaaaa'),
  vcpus: 2,
  memoryMib: 512,
  accelerator: 'tcg',
  tscKhz: 2_596_120,
  mac: undefined,
  consoleVerbose: false,
};
const FDS: VmmDescriptors = {
  ...{ root: 9, base: 10, work: 11, modules: undefined, tap: undefined },
  ...{ qmp: 14, guest: 15, console: 16 },
};
const command = (machine: Partial<Machine> = {}, fds: Partial<VmmDescriptors> = {}) =>
  qemuCommand('/usr/bin/qemu', { ...MACHINE, ...machine }, { ...FDS, ...fds });
const after = (args: readonly string[], option: string) =>
  args.flatMap((arg, index) => (arg === option ? [args[index + 1]] : []));

test('every file is a descriptor or has its place in the jail', () => {
  const paths = command({}, { modules: 12 }).filter((arg) => arg.includes('/'));
  const allowed =
    /^(\/usr\/bin\/qemu|\/usr\/share\/qemu|\/vmlinux|\/initrd|.*filename=\/dev\/fdset\/\d+,.*)$/;
  for (const path of paths) assert.match(path, allowed);
});

test('disks are found by their serial numbers, and modules only where the kernel has some', () => {
  const serials = (fds: Partial<VmmDescriptors>) =>
    after(command({}, fds), '-device').flatMap(
      (device) => /serial=(\w+)/.exec(device ?? '')?.[1] ?? [],
    );
  assert.deepEqual(serials({}), ['root', 'work']);
  assert.deepEqual(serials({ modules: 12 }), ['root', 'work', 'modules']);
});

test('the image and the modules can only be read', () => {
  const disks = after(command({}, { modules: 12 }), '-blockdev');
  const readOnly = disks.filter((disk) => disk?.includes('read-only=on'));
  assert.deepEqual(
    readOnly.map((disk) => /node-name=([\w-]+)/.exec(disk ?? '')?.[1]),
    ['root-base-file', 'root-base', 'modules-file', 'modules'],
  );
});

test('a network device is there only with a tap', () => {
  assert.deepEqual(after(command(), '-netdev'), []);
  const mac = '02:00:ac:1e:00:02' as Mac;
  const args = command({ mac }, { tap: 13 });
  assert.deepEqual(after(args, '-netdev'), ['tap,id=net,fd=13']);
  assert.ok(args.includes(`virtio-net-device,netdev=net,mac=${mac}`));
});
