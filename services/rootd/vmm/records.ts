import { closeSync, constants, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseVmId, type VmId } from '#kit/names.ts';
import { findMountNamespace, findProcess } from './process.ts';

/** The VMM of a VM, proven to be ours. */
export type Vmm = {
  readonly vmId: VmId;
  readonly pid: number;
  readonly startTicks: number;
  readonly uid: number;
};

/** Written by the process that becomes the VMM; see jail/record.c. */
type VmmRecord = {
  readonly uid: number;
  readonly pid: number;
  readonly startTicks: number;
  /** Inode of the jail's mount namespace; 0 before there is one. */
  readonly mountNamespace: number;
};

/** Descriptors for the jail program: one to write with, one that can only be locked and goes on to the VMM. */
export type OpenRecord = Disposable & { readonly writeFd: number; readonly lockFd: number };

const { O_RDWR, O_RDONLY, O_CREAT, O_NOFOLLOW } = constants;

/**
 * One file per VM in a folder that only root can enter, gone after a reboot like the processes. It says which
 * uid, process and jail are the VM's; only the kernel says whether they are still there.
 */
export function openRecords(folder: string) {
  const pathOf = (vmId: VmId) => join(folder, vmId);

  function find(vmId: VmId): VmmRecord | undefined {
    const text = readIfThere(pathOf(vmId));
    return text === undefined ? undefined : parseRecord(text);
  }

  /**
   * By number, start time, user and jail; a process that fails one of them is somebody else's. One that is ending
   * has left its jail already and is still ours until its descriptors are closed.
   */
  function findVmm(vmId: VmId): Vmm | undefined {
    const record = find(vmId);
    const process = record === undefined ? undefined : findProcess(record.pid);
    if (record === undefined || process === undefined) return undefined;
    const { uid, pid, startTicks, mountNamespace } = record;
    const proven =
      process.startTicks === startTicks &&
      process.uids.every((own) => own === uid) &&
      (findMountNamespace(pid) ?? mountNamespace) === mountNamespace;
    return proven ? { vmId, pid, startTicks, uid } : undefined;
  }

  const vmIds = () => readdirSync(folder).filter(isVmId).map(parseVmId);

  return {
    pathOf,
    find,
    findVmm,
    vmIds,
    /** The uids that are somebody's: a record keeps its uid until it is removed, whether the VMM lives or not. */
    uids: () => vmIds().flatMap((vmId) => find(vmId)?.uid ?? []),
    open(vmId: VmId): OpenRecord {
      const path = pathOf(vmId);
      const writeFd = openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600);
      const lockFd = openSync(path, O_RDONLY | O_NOFOLLOW);
      return {
        writeFd,
        lockFd,
        [Symbol.dispose]() {
          closeSync(writeFd);
          closeSync(lockFd);
        },
      };
    },
    remove: (vmId: VmId) => rmSync(pathOf(vmId), { force: true }),
  };
}

export type Records = ReturnType<typeof openRecords>;

function isVmId(text: string): boolean {
  return /^[0-9a-f]{16}$/.test(text);
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Empty when a launch ended before it had begun. */
function parseRecord(text: string): VmmRecord | undefined {
  const fields = /^\{"uid":(\d+),"pid":(\d+),"startTicks":(\d+),"mountNamespace":(\d+)\}$/.exec(
    text.trim(),
  );
  if (fields === null) return undefined;
  const [uid = 0, pid = 0, startTicks = 0, mountNamespace = 0] = fields.slice(1).map(Number);
  return { uid, pid, startTicks, mountNamespace };
}
