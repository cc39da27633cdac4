import assert from 'node:assert/strict';
import test from 'node:test';
import { failsWith } from '#kit/testing/fails-with.ts';
import { makeElfKernel } from '../../testing/elf-kernel.ts';
import { readElfKernel } from './elf-kernel.ts';

test('the release is that of the banner, not of a format string before it', () => {
  assert.equal(
    readElfKernel(makeElfKernel({ release: '6.1.192-banger' })).release,
    '6.1.192-banger',
  );
});

test('only a kernel with the entry point of PVH suits QEMU', () => {
  assert.deepEqual(readElfKernel(makeElfKernel()).drivers, ['qemu', 'firecracker']);
  assert.deepEqual(readElfKernel(makeElfKernel({ hasPvh: false })).drivers, ['firecracker']);
});

test('notes and segments that point out of the file are no entry point', () => {
  const kernel = makeElfKernel();
  kernel.writeBigUInt64LE(2n ** 60n, 64 + 8);
  assert.deepEqual(readElfKernel(kernel).drivers, ['firecracker']);
  kernel.writeBigUInt64LE(2n ** 63n, 32);
  assert.deepEqual(readElfKernel(kernel).drivers, ['firecracker']);
});

test('notes whose lengths lead back, or nowhere, end the search for the entry point', () => {
  for (const [name, text] of [
    [0x8000_0000, 0x7fff_fff4],
    [0xffff_fff4, 0],
    [0xffff_ffff, 0xffff_ffff],
  ] as const) {
    const kernel = makeElfKernel({ hasPvh: false });
    kernel.writeUInt32LE(name, 120);
    kernel.writeUInt32LE(text, 124);
    assert.deepEqual(readElfKernel(kernel).drivers, ['firecracker']);
  }
});

test('a kernel that claims nothing but notes is read in no time', () => {
  const segments = 65_535;
  const kernel = Buffer.concat([makeElfKernel({ hasPvh: false }), Buffer.alloc(2 ** 24)]);
  const segment = Buffer.from(kernel.subarray(64, 120));
  segment.writeBigUInt64LE(BigInt(kernel.length), 32);
  const table = Buffer.concat(Array.from({ length: segments }, () => segment));
  kernel.writeBigUInt64LE(BigInt(kernel.length), 32);
  kernel.writeUInt16LE(segments, 56);
  const began = process.cpuUsage();
  assert.deepEqual(readElfKernel(Buffer.concat([kernel, table])).drivers, ['firecracker']);
  const { user } = process.cpuUsage(began);
  assert.ok(user < 2_000_000, `${user} µs of processor time`);
});

test('a file that is too short for its own header is refused', () => {
  for (const length of [0, 4, 63]) {
    const cut = makeElfKernel().subarray(0, length);
    assert.throws(() => readElfKernel(cut), failsWith('IMAGE_CORRUPT', /no ELF kernel/));
  }
});

test('an ELF file that names no version of Linux is refused', () => {
  const program = makeElfKernel({ release: 'none' });
  assert.throws(() => readElfKernel(program), failsWith('IMAGE_CORRUPT', /no Linux kernel/));
});
