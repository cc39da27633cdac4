import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { BangerError } from '#kit/errors.ts';
import { failsWith } from '#kit/testing/fails-with.ts';
import { makeBzImage, PACKINGS, packLz4 } from '../../testing/bz-image.ts';
import { makeElfKernel } from '../../testing/elf-kernel.ts';
import { mutate, seededRandom } from '../../testing/seeded-random.ts';
import { readElfKernel } from './elf-kernel.ts';
import { unpackKernel } from './vmlinux.ts';

const KERNEL = makeElfKernel({ size: 5000 });

/** More of them by hand: ROUNDS=100000 node --test vmlinux.test.ts */
const ROUNDS = Number(process.env.ROUNDS ?? 2000);

/** Repeat a failure with: SEED=12345 ROUNDS=1 node --test vmlinux.test.ts */
const SEED = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31));

/** Zeros beyond what a kernel may have, as runs of the last byte. */
function lz4Bomb(): Buffer {
  // One literal, then a match of distance 1 whose length 32,896 bytes of 255 make up to nearly 8 MiB.
  const extension = Buffer.alloc(32_896, 255);
  extension[extension.length - 1] = 0;
  const start = Buffer.from([0x1f, 0, 1, 0]);
  const length = 1 + 15 + 4 + 255 * (extension.length - 1);
  const literals = 8 * 2 ** 20 - length;
  const tail = packLz4(Buffer.alloc(literals)).subarray(8, -4);
  const block = Buffer.concat([start, extension, tail]);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(block.length);
  const blocks = Array.from({ length: 40 }, () => [size, block]).flat();
  return Buffer.concat([Buffer.from([0x02, 0x21, 0x4c, 0x18]), ...blocks]);
}

for (const [name, pack] of Object.entries(PACKINGS)) {
  test(`a kernel that is packed as ${name} comes out as it went in`, async () => {
    assert.deepEqual(await unpackKernel(makeBzImage(pack(KERNEL))), KERNEL);
  });

  test(`a kernel that is packed as ${name} and cut short anywhere is refused`, async () => {
    const image = makeBzImage(pack(KERNEL));
    const header = 1024;
    for (const length of [0, 3, 4, 63, 0x25f, 0x260, header, header + 3, header + 20]) {
      await assert.rejects(
        unpackKernel(image.subarray(0, length)),
        failsWith('IMAGE_CORRUPT', /neither an ELF|cut short/),
        `${length} bytes`,
      );
    }
  });
}

const zeros = Buffer.alloc(257 * 2 ** 20);
for (const [name, bomb] of [
  ['gzip', () => gzipSync(zeros, { level: 1 })],
  ['zstd', () => zstdCompressSync(zeros)],
  ['lz4', lz4Bomb],
] as const) {
  test(`a payload of ${name} that expands beyond any kernel is refused`, async () => {
    await assert.rejects(
      unpackKernel(makeBzImage(bomb())),
      failsWith('IMAGE_CORRUPT', /expands to more than 256/),
    );
  });
}

test('a stream of lz4 with empty blocks is refused before they take memory', async () => {
  const empty = Buffer.concat([Buffer.from([0x02, 0x21, 0x4c, 0x18]), Buffer.alloc(2 ** 22)]);
  await assert.rejects(unpackKernel(makeBzImage(empty)), failsWith('IMAGE_CORRUPT', /damaged/));
});

test('a payload that is packed in an unknown way is told as such', async () => {
  await assert.rejects(
    unpackKernel(makeBzImage(Buffer.from('\xfd7zXZ\0', 'latin1'))),
    failsWith('FEATURE_UNSUPPORTED', /gzip, zstd and lz4 are/),
  );
});

test(`damaged kernels are read or refused, and nothing else (SEED=${SEED})`, async () => {
  const bases = [KERNEL, ...Object.values(PACKINGS).map((pack) => makeBzImage(pack(KERNEL)))];
  for (let seed = SEED; seed < SEED + ROUNDS; seed++) {
    const random = seededRandom(seed);
    const base = bases[seed % bases.length] ?? KERNEL;
    try {
      readElfKernel(await unpackKernel(mutate(base, random)));
    } catch (error) {
      const isRefused = error instanceof BangerError && error.reason !== 'INTERNAL';
      assert.ok(isRefused, `SEED=${seed} ROUNDS=1: ${String(error)}`);
    }
  }
});
