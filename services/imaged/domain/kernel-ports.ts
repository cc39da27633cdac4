import type { Call } from '#kit/call.ts';
import type { KeyedLock } from '#kit/keyed-lock.ts';
import type { ImageName, VmId } from '#kit/names.ts';
import type { Report } from '#kit/stages.ts';
import type { CatalogueEntry, Catalogues } from './catalogue.ts';
import type { Kernel, KernelFiles } from './kernel.ts';
import type { SharedWork } from './shared-work.ts';

/** All that the verbs on kernels work on. */
export type Kernels = {
  store: KernelStore;
  folders: KernelFolders;
  sources: KernelSources;
  catalogues: Catalogues;
  /** One pull, build, import or deletion at a time for each name. */
  locks: KeyedLock<ImageName>;
  making: SharedWork<Kernel>;
  now(): Date;
  newId(): string;
};

/** Durable records. Every call is one transaction. */
export type KernelStore = {
  list(): Promise<Kernel[]>;
  /** Adds a kernel; one of the same name is replaced, and answered. Fails with IMAGE_IN_USE while a VM holds that. */
  publish(kernel: Kernel): Promise<Kernel | undefined>;
  /** Fails with IMAGE_IN_USE while a VM holds it. */
  remove(id: string): Promise<void>;
  lease(vmId: VmId, kernelId: string): Promise<void>;
  release(vmId: VmId): Promise<void>;
  holders(kernelId: string): Promise<VmId[]>;
  leases(): Promise<{ vmId: VmId; kernelId: string }[]>;
};

/** A kernel's parts in a folder that nobody sees yet. */
export type StagedKernel = AsyncDisposable &
  Pick<Kernel, 'release' | 'source' | 'digest' | 'architecture' | 'drivers'> & {
    publish(kernel: Kernel): Promise<void>;
  };

/** The folders of kernels. */
export type KernelFolders = {
  files(call: Call, kernel: Kernel): Promise<KernelFiles>;
  allocatedBytes(id: string): Promise<number>;
  /** All parts of a kernel as one file, which `KernelSources.fromBytes` takes. */
  pack(call: Call, kernel: Kernel): AsyncIterable<Uint8Array>;
  remove(id: string): Promise<void>;
  list(): Promise<string[]>;
};

/** Where kernels come from. Each reports its stages, and leaves nothing behind when it fails. */
export type KernelSources = {
  /** The distribution's package, downloaded and taken apart; a metapackage stands for what it depends on. */
  fromPackage(call: Call, packageName: string, report: Report): Promise<StagedKernel>;
  /** The distribution's source package and our own configuration. Takes minutes. */
  fromSource(call: Call, report: Report): Promise<StagedKernel>;
  /** A bundle, or a tar of a folder with a kernel and perhaps its modules. */
  fromBytes(call: Call, bytes: AsyncIterable<Uint8Array>, report: Report): Promise<StagedKernel>;
  fromCatalogue(call: Call, entry: CatalogueEntry, report: Report): Promise<StagedKernel>;
};
