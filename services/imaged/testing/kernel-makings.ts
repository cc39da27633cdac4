import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Stage } from '#proto/banger/v1/types.ts';
import { digestOf } from '../domain/digest.ts';
import { kernelTar, makeElfKernel } from './elf-kernel.ts';
import { type ImagedOptions, type ImagedProcess, startImaged } from './imaged-process.ts';
import { collectKernel, importKernel, type Made, requests } from './kernel-client.ts';
import { KERNEL_BYTES, makeSmallPackages, SMALL_PACKAGE, type Step } from './small-packages.ts';
import { makeTar } from './tar-bytes.ts';
import { makeTemporaryFolder } from './temporary-folder.ts';

export type KernelHouse = ImagedProcess & Pick<Packages, 'hold' | 'reached' | 'letGo'>;
type Packages = Awaited<ReturnType<typeof makeSmallPackages>>;

export type Following = {
  readonly onStage?: (stage: Stage) => void;
  readonly signal?: AbortSignal;
};

type Making = {
  readonly stages: readonly string[];
  make(house: KernelHouse, following: Following): Promise<Made>;
};

const BUNDLE = makeTar([{ name: 'vmlinux', content: makeElfKernel({ size: KERNEL_BYTES }) }]);
const OPEN = new AbortController().signal;

/** Every way to come by a kernel, with the stages it tells of. */
export const MAKINGS: Readonly<Record<string, Making>> = {
  catalogue: {
    stages: ['download', 'unpack', 'publish'],
    make: ({ kernels }, { onStage, signal = OPEN }) =>
      collectKernel(kernels.pullKernel({ name: 'offered' }, { signal }), onStage),
  },
  import: {
    stages: ['receive', 'unpack', 'publish'],
    make: ({ kernels }, { onStage, signal = OPEN }) =>
      collectKernel(kernels.importKernel(requests({ name: 'sent' }, BUNDLE), { signal }), onStage),
  },
  package: {
    stages: ['package', 'publish'],
    make: ({ kernels }, { onStage, signal = OPEN }) => {
      const start = { name: 'packed', package: SMALL_PACKAGE };
      const sent = requests(start, Buffer.alloc(0));
      return collectKernel(kernels.importKernel(sent, { signal }), onStage);
    },
  },
  build: {
    stages: ['source', 'configure', 'compile', 'publish'],
    make: ({ kernels }, { onStage, signal = OPEN }) =>
      collectKernel(kernels.buildKernel({ name: 'built' }, { signal }), onStage),
  },
};

/** Stages in which a tool works, which is made to go on until it is ended. */
export const HELD: readonly string[] = ['package', 'configure', 'compile'] satisfies Step[];

export function isHeld(stage: string): stage is Step {
  return HELD.includes(stage);
}

/** imaged with a catalogue, packages of its own, and a kernel that nothing may harm. */
export async function startKernelHouse(
  t: TestContext,
  options: Pick<ImagedOptions, 'tmpfs'> = {},
): Promise<KernelHouse> {
  const folder = await makeTemporaryFolder(t);
  const catalogue = join(folder, 'catalogue.json');
  const entry = { name: 'offered', architecture: 'amd64', url: 'offered.tar' };
  const offered = { ...entry, sha256: digestOf(BUNDLE).slice('sha256:'.length) };
  await writeFile(catalogue, JSON.stringify({ version: 1, images: [], kernels: [offered] }));
  await writeFile(join(folder, entry.url), BUNDLE);
  const { path, ...packages } = await makeSmallPackages(t);
  const config = `[imaged]\ncatalogues = ["${catalogue}"]\n`;
  const imaged = await startImaged(t, { ...options, config, path });
  await importKernel(imaged, { name: 'keeper' }, kernelTar());
  return { ...imaged, ...packages };
}

/** All of a kernel, as it would travel to another host. */
export async function bytesOf({ kernels }: ImagedProcess, kernel: string): Promise<Buffer> {
  const parts = await Array.fromAsync(kernels.exportKernel({ kernel }));
  return Buffer.concat(parts.map(({ chunk }) => chunk));
}
