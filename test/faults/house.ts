import { join } from 'node:path';
import type { ServiceName } from '#kit/paths.ts';
import { type BridgedVms, openBridgedVms, type VmFacts } from '../integration/bridged-vms.ts';
import type { Ending } from '../integration/root-user.ts';

/** All four services, each with its state on a disk of its own, and one guest that all cells share. */
export type House = BridgedVms & {
  /** The guest as it runs now; booted again where a cell has ended it. */
  keeper(): Promise<VmFacts>;
  /** The folder of a service's state, which is a file system of its own. */
  stateOf(service: ServiceName): string;
  socketOf(service: ServiceName): string;
};

export const KEEPER = 'keeper';

const WITH_DISKS: readonly ServiceName[] = ['vmd', 'imaged', 'netd'];

/** Moves the state of a service, which is stopped, to a file system that only that service can fill. */
const MOVE_TO_DISK = `
  mv "$1" "$1.before" && mkdir "$1"
  mount -t tmpfs -o size=384m,mode=700 faults "$1"
  chown --reference="$1.before" "$1"
  cp -a "$1.before/." "$1" && rm -r "$1.before"`;

export async function openHouse(t: Ending): Promise<House> {
  const vms = await openBridgedVms(t);
  const stateOf = (service: ServiceName) => join(vms.folder, 'state/banger-local', service);
  await vms.must('daemon', 'stop');
  for (const service of WITH_DISKS) {
    await vms.run('sh', '-euc', MOVE_TO_DISK, 'sh', stateOf(service));
  }
  await vms.must('daemon', 'start', '--bridge');
  await vms.create(KEEPER, '--disk-size', '64M');
  return {
    ...vms,
    stateOf,
    socketOf: (service) =>
      join(
        vms.folder,
        'run',
        service === 'rootd' ? 'banger-local-root' : 'banger-local',
        `${service}.sock`,
      ),
    async keeper() {
      const found = await vms.show(KEEPER);
      if (found.state === 'running') return found;
      await vms.must('vm', 'start', KEEPER);
      return vms.show(KEEPER);
    },
  };
}
