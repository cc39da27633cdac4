import type { ImageName, VmId } from '#kit/names.ts';

/** A kernel that guests can boot: its files lie in a folder named by the id and never change. */
export type Kernel = {
  readonly id: string;
  readonly name: ImageName;
  /** What `uname -r` says in the guest. */
  readonly release: string;
  readonly source: string;
  /** SHA-256 of the ELF kernel, as "sha256:…". */
  readonly digest: string;
  readonly architecture: string;
  readonly drivers: readonly string[];
  readonly createdAt: Date;
};

export type KernelUse = Kernel & {
  readonly allocatedBytes: number;
  readonly vmIds: readonly VmId[];
};

export type KernelFiles = {
  readonly vmlinux: string;
  readonly initrd: string;
  /** Empty for a kernel with everything built in. */
  readonly modules: string;
};

/** The distribution's own kernel, for a VM that names none and a host without a better one. */
export const DEFAULT_KERNEL = 'debian-cloud';

/** Built from source with everything in it: preferred wherever it is present, because it boots in half the time. */
export const OWN_KERNEL = 'banger-6.1';
