import assert from 'node:assert/strict';
import test from 'node:test';
import { gzipSync } from 'node:zlib';
import { failsWith } from '#kit/testing/fails-with.ts';
import { makeBzImage } from './testing/bz-image.ts';
import { kernelTar, makeElfKernel } from './testing/elf-kernel.ts';
import { startImaged } from './testing/imaged-process.ts';
import { collectKernel, importKernel } from './testing/kernel-client.ts';
import { makeTar } from './testing/tar-bytes.ts';

test('a name stays with its kernel until it is given to another on demand', async (t) => {
  const imaged = await startImaged(t);
  const first = await importKernel(imaged, { name: 'mine' }, kernelTar('6.1.1'));
  await assert.rejects(
    importKernel(imaged, { name: 'mine' }, kernelTar('6.1.2')),
    failsWith('KERNEL_EXISTS', /--replace/),
  );
  const second = await importKernel(imaged, { name: 'mine', replace: true }, kernelTar('6.1.2'));
  assert.notEqual(second.id, first.id);
  assert.deepEqual(await imaged.list('kernels'), [second.id]);
  await assert.rejects(
    imaged.kernels.getKernel({ kernel: 'mien' }),
    failsWith('KERNEL_NOT_FOUND', /did you mean "mine"/),
  );
});

test('a bundle carries a kernel to another host, the same to the byte', async (t) => {
  const here = await startImaged(t);
  const there = await startImaged(t);
  const sent = await importKernel(here, { name: 'mine' }, kernelTar());
  const pack = () => Array.fromAsync(here.kernels.exportKernel({ kernel: 'mine' }));
  const bundle = Buffer.concat((await pack()).map(({ chunk }) => chunk));
  const arrived = await importKernel(there, { name: 'theirs' }, bundle);
  for (const part of ['release', 'digest', 'source'] as const)
    assert.equal(arrived[part], sent[part]);
  assert.deepEqual(bundle, Buffer.concat((await pack()).map(({ chunk }) => chunk)));
});

test('what is no kernel is refused, and nothing of it stays', async (t) => {
  const imaged = await startImaged(t);
  const manifest = Buffer.from(JSON.stringify({ source: 'x', digest: `sha256:${'0'.repeat(64)}` }));
  const vmlinux = makeElfKernel();
  const cut = makeBzImage(gzipSync(vmlinux).subarray(0, -30));
  const refused: readonly [Buffer, RegExp][] = [
    [makeTar([{ name: 'readme', content: Buffer.from('x') }]), /neither "vmlinux" nor "vmlinuz"/],
    [makeTar([{ name: 'vmlinux', content: Buffer.from('hello') }]), /neither an ELF kernel nor/],
    [makeTar([{ name: 'vmlinuz', content: Buffer.alloc(2) }]), /^kernel file "vmlinuz"/],
    [
      makeTar([{ name: 'vmlinuz', content: cut }]),
      /^kernel file "vmlinuz": its payload is damaged/,
    ],
    [
      makeTar([
        { name: 'vmlinux', content: cut },
        { name: 'manifest.json', content: manifest },
      ]),
      /^kernel file "vmlinux": is no ELF kernel/,
    ],
    [
      makeTar([
        { name: 'vmlinux', content: vmlinux },
        { name: 'manifest.json', content: Buffer.alloc(2 ** 20, ' ') },
      ]),
      /^kernel file "manifest.json": has 1048576 bytes/,
    ],
    [
      makeTar([
        { name: 'vmlinux', content: vmlinux },
        { name: 'manifest.json', content: manifest },
      ]),
      /hashes to/,
    ],
    [makeTar([{ name: '../vmlinux', content: vmlinux }]), /leaves the image/],
    [kernelTar().subarray(0, 600), /cut|end/],
    [Buffer.from('no archive at all'), /\w/],
  ];
  for (const [bytes, why] of refused) {
    await assert.rejects(
      importKernel(imaged, { name: 'bad' }, bytes),
      failsWith('IMAGE_CORRUPT', why),
    );
  }
  assert.deepEqual([await imaged.list('kernels'), await imaged.list('staging')], [[], []]);
});

test('what can be had is listed with where it comes from, and what cannot names that', async (t) => {
  const imaged = await startImaged(t);
  const { kernels } = await imaged.kernels.listAvailableKernels({});
  assert.deepEqual(
    kernels.map(({ name, origin, present }) => [name, origin, present]),
    [
      ['debian-cloud', 'package', false],
      ['banger-6.1', 'build', false],
    ],
  );
  const pulled = (name: string) => collectKernel(imaged.kernels.pullKernel({ name }));
  await assert.rejects(pulled('debian-clod'), failsWith('KERNEL_NOT_FOUND', /"debian-cloud"/));
  await assert.rejects(pulled('banger-6.1'), failsWith('KERNEL_NOT_FOUND', /banger kernel build/));
});
