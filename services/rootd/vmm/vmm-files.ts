import { BangerError } from '#kit/errors.ts';
import type { VmId } from '#kit/names.ts';
import { findFile, type ManagedPath, openFile, openFolder } from '../host/managed-path.ts';
import type { ImageId, KernelId } from './ids.ts';

/** All that a VMM is given of the host's files, held open. */
export type VmmFiles = {
  /** Folder of the VM, where the VMM's sockets and log are made. */
  readonly folder: ManagedPath;
  readonly kernel: ManagedPath;
  readonly initrd: ManagedPath;
  /** Overlay that takes what the guest writes to its root file system. */
  readonly root: ManagedPath;
  /** The image under the overlay, which nobody writes. */
  readonly base: ManagedPath;
  readonly work: ManagedPath;
  /** Absent for a kernel that has everything built in. */
  readonly modules: ManagedPath | undefined;
};

export type VmmSource = { vmId: VmId; imageId: ImageId; kernelId: KernelId };

/**
 * Opens the files of one VM. Every place follows from the state folder and the ids:
 *
 *   vmd/vms/ID/       initrd, root.qcow2, work.ext4
 *   imaged/images/ID/ disk.ext4
 *   imaged/kernels/ID/ vmlinux, modules.ext4
 *
 * What a service may hand over is what it owns: a file of somebody else among its own is refused.
 */
export function openVmmFiles(
  state: string,
  { vmId, imageId, kernelId }: VmmSource,
  opened: DisposableStack,
): VmmFiles {
  const ownerOf = (service: string) => {
    using folder = openFolder(state, service);
    return folder.stats.uid;
  };
  const vmd = { owner: ownerOf('vmd') };
  const imaged = { owner: ownerOf('imaged') };
  const folder = opened.use(openFolder(state, 'vmd', 'vms', vmId));
  const image = opened.use(openFolder(state, 'imaged', 'images', imageId));
  const kernel = opened.use(openFolder(state, 'imaged', 'kernels', kernelId));
  if (folder.stats.uid !== vmd.owner) {
    throw new BangerError('OPERATION_REFUSED', `"${folder.path}" does not belong to vmd`);
  }
  const modules = findFile(kernel, 'modules.ext4', imaged);
  return {
    folder,
    initrd: opened.use(openFile(folder, 'initrd', vmd)),
    root: opened.use(openFile(folder, 'root.qcow2', { ...vmd, write: true })),
    work: opened.use(openFile(folder, 'work.ext4', { ...vmd, write: true })),
    base: opened.use(openFile(image, 'disk.ext4', imaged)),
    kernel: opened.use(openFile(kernel, 'vmlinux', imaged)),
    modules: modules === undefined ? undefined : opened.use(modules),
  };
}

/**
 * Disks reach the VMM as descriptors, but it opens kernel and initrd by name, with its own uid. The jail program
 * gives the initrd to that uid's group; a kernel is many VMs' and no secret, so it must be everybody's to read.
 */
export function refuseHiddenKernel({ kernel }: VmmFiles): void {
  if ((kernel.stats.mode & 0o004) !== 0) return;
  throw new BangerError(
    'HOST_NOT_READY',
    `kernel "${kernel.path}" must be readable by everybody, because each VMM has a uid of its own; mend it with: chmod o+r ${kernel.path}`,
    { metadata: { path: kernel.path } },
  );
}

/** A disk that is larger than the limit would fail in the middle of the guest's writes. */
export function refuseLargeDisk({ work }: VmmFiles, largestFile: number): void {
  if (work.stats.size <= largestFile) return;
  throw new BangerError(
    'INVALID_SIZE',
    `the work disk has ${work.stats.size} bytes and a VMM may write files of ${largestFile}; raise rootd.largest_file`,
  );
}
