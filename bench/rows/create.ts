import { join } from 'node:path';
import { bootByHand, learnRecipe } from '../by-hand.ts';
import type { Contest, Row, Scope } from '../row.ts';
import { pictureCreate } from '../timed-create.ts';
import { openVmHouse } from '../vm-house.ts';
import { BUSYBOX } from '../vm-requests.ts';

export const create: Row = {
  name: 'create',
  subject: 'a machine made and booted, to the first byte of its first command',
  references: [
    { name: 'the same QEMU command line by hand, to the first sign of life', atMost: 1.1 },
  ],
  figure: { name: 'wall', unit: 'ms' },
  beside: { name: 'the command', unit: 'ms' },
  rounds: 9,
  warmUps: 1,
  note: "The busybox image with one processor and 256 MiB. By hand, the same kernel, initial RAM disk, disks and arguments are started without any service, with the disks made beforehand, and the guest's agent is greeted over its socket. In the picture, the guest's own steps lie within the stage `boot`; they are placed so that the last of them ends with it.",
  prepare,
};

async function prepare(scope: Scope): Promise<Contest> {
  const house = await scope.share(openVmHouse);
  const recipe = await learnRecipe(scope, house, BUSYBOX);
  const folder = join(scope.folder, 'by-hand');
  const title = "Where a create's time goes: busybox, distribution's kernel";
  return {
    ...pictureCreate(house, BUSYBOX, { name: 'create-stages', title }),
    references: [
      async () => {
        const { startedAt, kill } = await bootByHand(recipe, folder);
        const value = performance.now() - startedAt;
        await kill();
        return { value, beside: 0 };
      },
    ],
  };
}
