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

test('an ELF file that names no version of Linux is refused', () => {
  const program = makeElfKernel({ release: 'none' });
  assert.throws(() => readElfKernel(program), failsWith('IMAGE_CORRUPT', /no Linux kernel/));
});
