import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import { findVm } from './find-vm.ts';
import type { Guest, GuestFile } from './guest.ts';
import { getGuest } from './live-vms.ts';
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

/** Far above any repository; a guest that lists more is out to fill this process. */
const ENTRIES_MAX = 500_000;
const DEPTH_MAX = 255;
const PATH_BYTES_MAX = 4096;
/** A folder costs one turn of the guest's channel, so some are asked for at once. */
const FOLDERS_AT_ONCE = 8;

/** The files and links of a VM's workspace, folder by folder. What the guest says is bounded, and believed by nobody. */
export async function* listVmWorkspace(
  vmd: Vmd,
  call: Call,
  reference: string,
): AsyncGenerator<WorkspaceEntry[], void> {
  const vm = await findVm(vmd, reference);
  const workspace = getWorkspace(vm);
  const walk = { call, guest: getGuest(vmd.live, vm), workspace, left: ENTRIES_MAX };
  let level: Folder[] = [{ path: Buffer.alloc(0) }];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > DEPTH_MAX) throw refused(`has folders more than ${DEPTH_MAX} deep`);
    const below: Folder[] = [];
    for (let at = 0; at < level.length; at += FOLDERS_AT_ONCE) {
      const some = level.slice(at, at + FOLDERS_AT_ONCE);
      const found = await Promise.all(some.map((folder) => listFolder(walk, folder)));
      for (const { folders, entries } of found) {
        below.push(...folders);
        if (entries.length > 0) yield entries;
      }
    }
    level = below;
  }
}

type Folder = { path: Buffer };
type Walk = { call: Call; guest: Guest; workspace: Workspace; left: number };

export function getWorkspace(vm: Vm): Workspace {
  if (vm.workspace !== undefined) return vm.workspace;
  throw new BangerError(
    'INVALID_FIELD',
    `vm "${vm.name}" has no workspace; make one with: banger vm workspace prepare ${vm.name}`,
    { metadata: { field: 'vm', vm: vm.name } },
  );
}

async function listFolder(walk: Walk, { path }: Folder) {
  const { call, guest, workspace } = walk;
  const folders: Folder[] = [];
  const entries: WorkspaceEntry[] = [];
  const whole = Buffer.concat([Buffer.from(`${workspace.guestPath}/`), path]);
  for await (const file of guest.list(call, whole)) {
    if (--walk.left < 0) throw refused(`has more than ${ENTRIES_MAX} files`);
    const inner = join(path, file.name);
    if (file.kind === 'folder' && file.name.toString('latin1') !== '.git') {
      folders.push({ path: inner });
    } else if (file.kind === 'file' || file.kind === 'link') {
      entries.push(toEntry(inner, file, workspace));
    }
  }
  return { folders, entries };
}

/**
 * Prepared files have times of whole seconds, and the kernel's clock stamps a write with a fraction. Together with
 * the change time this holds even when the guest's clock was set back.
 */
function toEntry(path: Buffer, file: GuestFile, { settledAt }: Workspace): WorkspaceEntry {
  const { mode, sizeBytes, target, changedAt, wholeSecond } = file;
  return { path, mode, sizeBytes, target, untouched: wholeSecond && changedAt <= settledAt };
}

function join(folder: Buffer, name: Buffer): Buffer {
  const text = name.toString('latin1');
  if (text === '' || text === '.' || text === '..' || /[/\0]/.test(text)) {
    throw refused('lists a file with an impossible name');
  }
  const path = folder.length === 0 ? name : Buffer.concat([folder, Buffer.from('/'), name]);
  if (path.length > PATH_BYTES_MAX) throw refused(`has paths of more than ${PATH_BYTES_MAX} bytes`);
  return path;
}

function refused(what: string): BangerError {
  return new BangerError(
    'OPERATION_REFUSED',
    `the workspace in the guest ${what}; remove what does not belong there`,
  );
}
