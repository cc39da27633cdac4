import type { Call } from '#kit/call.ts';
import { DEFAULT_KERNEL, OWN_KERNEL } from './kernel.ts';
import type { Kernels } from './kernel-ports.ts';

/** Kernels that the distribution has, and the package that each is made from. */
export const PACKAGED_KERNELS: readonly { name: string; package: string; description: string }[] = [
  {
    name: DEFAULT_KERNEL,
    package: 'linux-image-cloud-amd64',
    description: "Debian's kernel for clouds, with its modules",
  },
];

export type AvailableKernel = {
  readonly name: string;
  readonly description: string;
  /** "package", "build", or the catalogue. */
  readonly origin: string;
  readonly present: boolean;
};

/** What can be had by name, whether it is here or not. */
export async function listAvailableKernels(
  kernels: Kernels,
  call: Call,
): Promise<AvailableKernel[]> {
  const present = new Set((await kernels.store.list()).map(({ name }): string => name));
  const offered = [
    ...PACKAGED_KERNELS.map((kernel) => ({ ...kernel, origin: 'package' })),
    {
      name: OWN_KERNEL,
      description: 'our own, everything built in: boots in half the time',
      origin: 'build',
    },
    ...(await kernels.catalogues.listReadable(call, 'kernel')),
  ];
  return offered.map(({ name, description, origin }) => ({
    ...{ name, description, origin },
    present: present.has(name),
  }));
}
