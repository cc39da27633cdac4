import { join } from 'node:path';
import { bootByHand, learnRecipe } from '../by-hand.ts';
import { readCpuMs } from '../process-facts.ts';
import type { Contest, Row, Scope } from '../row.ts';
import { openVmHouse } from '../vm-house.ts';
import { BUSYBOX, createdVm, createRequest, finish } from '../vm-requests.ts';

export const deleteRow: Row = {
  name: 'delete',
  subject: 'a running machine deleted',
  references: [{ name: '`kill -9` of the same QEMU by hand, and `rm -r` of its folder' }],
  figure: { name: 'wall', unit: 'ms' },
  beside: { name: "vmd's CPU", unit: 'ms' },
  rounds: 7,
  warmUps: 1,
  note: 'The busybox image. Machine, network lease, disks, leases of image and kernel, and the record are gone when it answers.',
  prepare,
};

async function prepare(scope: Scope): Promise<Contest> {
  const house = await scope.share(openVmHouse);
  const { vms, vmdPid } = house;
  const recipe = await learnRecipe(scope, house, BUSYBOX);
  const folder = join(scope.folder, 'by-hand');
  return {
    subject: async () => {
      const { id: vm } = await createdVm(vms.createVm(createRequest(BUSYBOX)));
      const cpuBefore = readCpuMs(vmdPid);
      const startedAt = performance.now();
      await finish(vms.deleteVm({ vm }));
      const value = performance.now() - startedAt;
      return { value, beside: readCpuMs(vmdPid) - cpuBefore };
    },
    references: [
      async () => {
        const { kill } = await bootByHand(recipe, folder);
        const startedAt = performance.now();
        await kill();
        return { value: performance.now() - startedAt, beside: 0 };
      },
    ],
  };
}
