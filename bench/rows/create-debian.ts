import { makeDebvm, measureDebvm } from '../debvm.ts';
import type { Contest, Row, Scope } from '../row.ts';
import { measureCreate, pictureCreate } from '../timed-create.ts';
import { openVmHouse } from '../vm-house.ts';
import { BUSYBOX, DEBIAN } from '../vm-requests.ts';

export const createDebian: Row = {
  name: 'create-debian',
  subject: 'a Debian machine with systemd made and booted, to the first byte of its first command',
  references: [
    { name: 'the same of the busybox image', atMost: 1.25 },
    { name: '`debvm-run` to the end of `ssh true`', atMost: 0.12 },
  ],
  figure: { name: 'wall', unit: 'ms' },
  beside: { name: 'the command, or until ssh greets', unit: 'ms' },
  rounds: 5,
  warmUps: 1,
  note: "The image debian-bookworm with one processor and 256 MiB, and the distribution's kernel. debvm's image is made by `debvm-create` and booted once beforehand; it has the two processors and the 1 GiB that debvm gives, under the same software emulation.",
  prepare,
};

async function prepare(scope: Scope): Promise<Contest> {
  const house = await scope.share(openVmHouse);
  const debvm = await scope.share(makeDebvm);
  const title = "Where a create's time goes: Debian with systemd, distribution's kernel";
  return {
    ...pictureCreate(house, DEBIAN, { name: 'create-debian-stages', title }),
    references: [measureCreate(house, BUSYBOX), measureDebvm(debvm)],
  };
}
