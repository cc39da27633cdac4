import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import { type ImageName, parseImageName } from '#kit/names.ts';
import { type Report, runStage } from '#kit/stages.ts';
import { DEFAULT_KERNEL, type Kernel } from './kernel.ts';
import type { Kernels } from './kernel-ports.ts';

/** Kernels that can be had by name, and the distribution package each is made from. */
export const PACKAGED_KERNELS: readonly { name: string; package: string; description: string }[] = [
  {
    name: DEFAULT_KERNEL,
    package: 'linux-image-cloud-amd64',
    description: "Debian's kernel for clouds, with its modules",
  },
];

export type PullKernel = { name: string; replace: boolean };

/** Makes a kernel available under its name; callers that want the same one at once share one pull. */
export async function pullKernel(
  kernels: Kernels,
  call: Call,
  wanted: PullKernel,
  report: Report,
): Promise<Kernel> {
  const name = parseImageName(wanted.name === '' ? DEFAULT_KERNEL : wanted.name);
  return kernels.pulls.join(name, call, report, (shared, tell) =>
    kernels.locks.with(name, shared.signal, async () => {
      const present = (await kernels.store.list()).find((kernel) => kernel.name === name);
      if (present !== undefined && !wanted.replace) return present;
      return importPackage(kernels, shared, { name, package: packageFor(name) }, tell);
    }),
  );
}

export type ImportPackage = { name: ImageName; package: string };

/** Makes a kernel from a package, for a caller that holds the name's lock. */
export async function importPackage(
  kernels: Kernels,
  call: Call,
  wanted: ImportPackage,
  report: Report,
): Promise<Kernel> {
  await using staged = await runStage(report, 'package', (tell) =>
    kernels.packages.stage(call, wanted.package, tell),
  );
  const { release, digest, architecture, source } = staged;
  const kernel: Kernel = {
    id: kernels.newId(),
    name: wanted.name,
    release,
    source,
    digest,
    architecture,
    drivers: ['qemu', 'firecracker'],
    createdAt: kernels.now(),
  };
  call.signal.throwIfAborted();
  // The folder first: a row without one would be a kernel that cannot boot; a folder without a row is swept.
  await staged.publish(kernel);
  const replaced = await kernels.store.publish(kernel);
  if (replaced !== undefined) await kernels.folders.remove(replaced.id);
  return kernel;
}

function packageFor(name: ImageName): string {
  const found = PACKAGED_KERNELS.find((known) => known.name === name);
  if (found !== undefined) return found.package;
  const known = PACKAGED_KERNELS.map((kernel) => kernel.name).join(', ');
  throw new BangerError(
    'KERNEL_NOT_FOUND',
    `no kernel "${name}" is known to pull, only: ${known}; take one from elsewhere with: banger kernel import`,
    { metadata: { kernel: name } },
  );
}
