import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { cp, rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { buildGuest } from '#guest/build.ts';
import type { Client } from '#kit/client.ts';
import type { ImageServiceDefinition } from '#proto/banger/v1/image.ts';
import type { KernelServiceDefinition } from '#proto/banger/v1/kernel.ts';
import { only, pullStart, resultOf } from './long-verb.ts';

export type Shelves = {
  kernels: Client<typeof KernelServiceDefinition>;
  images: Client<typeof ImageServiceDefinition>;
  /** imaged's. */
  cacheFolder: string;
};

/**
 * Gives a house the default kernel, the busybox image and the guest's program. They take a quarter of a minute to
 * make, so the first house of a run makes them, and the others get what it kept in the run's folder.
 */
export async function stock(shelves: Shelves): Promise<void> {
  const pantry = process.env.BANGER_TEST_PANTRY;
  if (pantry === undefined) return make(shelves);
  const [kernel, image] = [join(pantry, 'kernel'), join(pantry, 'image')];
  const guest = await buildGuest({ cacheFolder: pantry, signal: new AbortController().signal });
  await cp(guest, join(shelves.cacheFolder, 'guest', basename(guest)));
  if (!existsSync(image)) {
    await make(shelves);
    await keep(shelves.kernels.exportKernel({ kernel: 'debian-cloud' }), kernel);
    await keep(shelves.images.exportImage({ image: 'busybox' }), image);
    return;
  }
  const start = { $case: 'start' as const };
  await resultOf(
    shelves.kernels.importKernel(
      bundle({ ...start, value: { name: 'debian-cloud', package: '', replace: false } }, kernel),
    ),
  );
  await resultOf(
    shelves.images.importImage(
      bundle({ ...start, value: { name: '', digest: '', replace: false } }, image),
    ),
  );
}

async function make({ kernels, images }: Shelves): Promise<void> {
  await resultOf(kernels.pullKernel({ name: '' }));
  await resultOf(images.pullImage(only({ part: pullStart('busybox') })));
}

async function keep(chunks: AsyncIterable<{ chunk: Uint8Array }>, path: string): Promise<void> {
  const bytes = async function* () {
    for await (const { chunk } of chunks) yield chunk;
  };
  await pipeline(bytes(), createWriteStream(`${path}.new`));
  await rename(`${path}.new`, path);
}

async function* bundle<Start>(start: Start, path: string) {
  yield { part: start };
  for await (const value of createReadStream(path)) {
    yield { part: { $case: 'chunk' as const, value: value as Buffer } };
  }
}
