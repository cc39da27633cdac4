import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import { findVm } from './find-vm.ts';
import type { GuestFile } from './guest.ts';
import { awaitGuest } from './live-vms.ts';
import type { Vmd } from './ports.ts';
import type { Vm, Workspace } from './vm.ts';

export type WorkspaceEntry = {
  /** Relative to the workspace. */
  path: Buffer;
  mode: number;
  sizeBytes: number;
  target: Buffer;
  untouched: boolean;
};

/** Far above any repository; a guest that lists more is out to fill this process, or the one that asks. */
const ENTRIES_MAX = 500_000;
const NAMES_BYTES_MAX = 256 * 2 ** 20;
const DEPTH_MAX = 255;
const PATH_BYTES_MAX = 4096;

/** Enough that a message is worth sending, and with the longest names still less than a message may have. */
const ENTRIES_AT_ONCE = 256;

/** The files and links of a VM's workspace. What the guest says is bounded, and believed by nobody. */
export async function* listVmWorkspace(
  vmd: Vmd,
  call: Call,
  reference: string,
): AsyncGenerator<WorkspaceEntry[], void> {
  const vm = await findVm(vmd, reference);
  const workspace = getWorkspace(vm);
  const guest = await awaitGuest(vmd.live, call, vm);
  const count = createCounter();
  let entries: WorkspaceEntry[] = [];
  for await (const file of guest.listTree(call, Buffer.from(workspace.guestPath), '.git')) {
    count(file);
    checkPath(file.name);
    if (file.kind !== 'file' && file.kind !== 'link') continue;
    entries.push(toEntry(file, workspace));
    if (entries.length < ENTRIES_AT_ONCE) continue;
    yield entries;
    entries = [];
  }
  if (entries.length > 0) yield entries;
}

export function getWorkspace(vm: Vm): Workspace {
  if (vm.workspace !== undefined) return vm.workspace;
  throw new BangerError(
    'INVALID_FIELD',
    `vm "${vm.name}" has no workspace; make one with: banger vm workspace prepare ${vm.name}`,
    { metadata: { field: 'vm', vm: vm.name } },
  );
}

/** Folders and all else count too: a guest could list them without end. */
function createCounter(): (file: GuestFile) => void {
  let files = 0;
  let nameBytes = 0;
  return ({ name, target }) => {
    files++;
    nameBytes += name.length + target.length;
    if (files > ENTRIES_MAX) throw refused(`has more than ${ENTRIES_MAX} files`);
    if (nameBytes > NAMES_BYTES_MAX) {
      throw refused(`has names of more than ${NAMES_BYTES_MAX / 2 ** 20} MiB`);
    }
  };
}

/**
 * Prepared files have times of whole seconds, and the kernel's clock stamps a write with a fraction. Together with
 * the change time this holds even when the guest's clock was set back.
 */
function toEntry(file: GuestFile, { settledAt }: Workspace): WorkspaceEntry {
  const { name: path, mode, sizeBytes, target, changedAt, wholeSecond } = file;
  return { path, mode, sizeBytes, target, untouched: wholeSecond && changedAt <= settledAt };
}

function checkPath(path: Buffer): void {
  if (path.length > PATH_BYTES_MAX) throw refused(`has paths of more than ${PATH_BYTES_MAX} bytes`);
  const parts = path.toString('latin1').split('/');
  if (parts.length > DEPTH_MAX + 1) throw refused(`has folders more than ${DEPTH_MAX} deep`);
  for (const part of parts) {
    if (part === '' || part === '.' || part === '..' || part.includes('\0')) {
      throw refused('lists a file with an impossible name');
    }
  }
}

function refused(what: string): BangerError {
  return new BangerError(
    'OPERATION_REFUSED',
    `the workspace in the guest ${what}; remove what does not belong there`,
  );
}
