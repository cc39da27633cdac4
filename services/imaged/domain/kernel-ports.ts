import type { Call } from '#kit/call.ts';
import type { KeyedLock } from '#kit/keyed-lock.ts';
import type { ImageName, VmId } from '#kit/names.ts';
import type { Tell } from '#kit/stages.ts';
import type { Kernel, KernelFiles } from './kernel.ts';
import type { SharedWork } from './shared-work.ts';

/** All that the verbs on kernels work on. */
export type Kernels = {
  store: KernelStore;
  folders: KernelFolders;
  packages: KernelPackages;
  /** One pull, import or deletion at a time for each name. */
  locks: KeyedLock<ImageName>;
  pulls: SharedWork<Kernel>;
  now(): Date;
  newId(): string;
};

/** Durable records. Every call is one transaction. */
export type KernelStore = {
  list(): Promise<Kernel[]>;
  /** Adds a kernel; one of the same name is replaced, and answered, where nobody holds it. */
  publish(kernel: Kernel): Promise<Kernel | undefined>;
  /** Fails with IMAGE_IN_USE while a VM holds it. */
  remove(id: string): Promise<void>;
  lease(vmId: VmId, kernelId: string): Promise<void>;
  release(vmId: VmId): Promise<void>;
  holders(kernelId: string): Promise<VmId[]>;
  leases(): Promise<{ vmId: VmId; kernelId: string }[]>;
};

/** A kernel's parts in a folder that nobody sees yet. */
export type StagedKernel = AsyncDisposable & {
  readonly release: string;
  readonly digest: string;
  readonly architecture: string;
  publish(kernel: Kernel): Promise<void>;
};

/** The folders of kernels. */
export type KernelFolders = {
  files(call: Call, kernel: Kernel): Promise<KernelFiles>;
  allocatedBytes(id: string): Promise<number>;
  remove(id: string): Promise<void>;
  list(): Promise<string[]>;
};

/** Kernels as the distribution packages them. */
export type KernelPackages = {
  /** Downloads and takes apart a kernel package; a metapackage stands for the kernel it depends on. */
  stage(call: Call, packageName: string, tell: Tell): Promise<StagedKernel & { source: string }>;
};
