import { randomInt } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { VmId } from '#kit/names.ts';
import { openRecords, type Records } from './records.ts';
import { createUidPicker, type UidRange } from './uids.ts';

export type VmmSettings = {
  readonly qemu: string;
  readonly uids: UidRange;
  /** Control group above those of the VMMs, below the mount of cgroup v2. */
  readonly cgroup: string;
  /** In bytes. */
  readonly largestFile: number;
};

/** All that the operations on VMMs work with. */
export type Vmms = {
  readonly settings: VmmSettings;
  /** Root of the services' state, below which all files of VMs, images and kernels are. */
  readonly state: string;
  readonly records: Records;
  /** Empty folder over which every jail mounts its own root; nobody else sees that. */
  readonly jailRoot: string;
  /** The jail program, built on first use. */
  jail(signal: AbortSignal): Promise<string>;
  /** File for what one launch says. */
  reportOf(vmId: VmId): string;
  /** Gives the VM a uid that nobody else gets until it is disposed of or in the VM's record. */
  reserveUid(vmId: VmId): { readonly uid: number } & Disposable;
};

export type VmmsOptions = {
  settings: VmmSettings;
  state: string;
  /** Folder that root alone can enter. */
  runtime: string;
  buildJail(signal: AbortSignal): Promise<string>;
};

export function openVmms({ settings, state, runtime, buildJail }: VmmsOptions): Vmms {
  const folder = (name: string) => {
    const path = join(runtime, name);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    return path;
  };
  const records = openRecords(folder('vmms'));
  const reports = folder('reports');
  /** Between the choice of a uid and the record that the VMM's own process writes. */
  const reserved = new Map<VmId, number>();
  const pickUid = createUidPicker(settings.uids, randomInt(settings.uids.count));
  let jail: string | undefined;

  return {
    settings,
    state,
    records,
    jailRoot: folder('jail'),
    async jail(signal) {
      // Again when somebody cleaned the folder that it was in.
      if (jail === undefined || !existsSync(jail)) jail = await buildJail(signal);
      return jail;
    },
    reportOf: (vmId) => join(reports, vmId),
    reserveUid(vmId) {
      const uid = pickUid(new Set([...records.uids(), ...reserved.values()]));
      reserved.set(vmId, uid);
      return { uid, [Symbol.dispose]: () => reserved.delete(vmId) };
    },
  };
}
