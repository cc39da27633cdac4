import { makeDebvm, measureDebvm } from '../debvm.ts';
import { importOwnKernel, KERNEL_VARIABLE } from '../own-kernel.ts';
import type { Contest, Row, Scope, Skipped } from '../row.ts';
import { measureCreate, pictureCreate } from '../timed-create.ts';
import { openVmHouse } from '../vm-house.ts';
import { DEBIAN } from '../vm-requests.ts';

export const createOwnKernel: Row = {
  name: 'create-own-kernel',
  subject: "the same Debian machine with banger's own kernel, to the first byte",
  references: [
    { name: "with the distribution's kernel" },
    { name: '`debvm-run` to the end of `ssh true`', atMost: 0.06 },
  ],
  figure: { name: 'wall', unit: 'ms' },
  beside: { name: 'the command, or until ssh greets', unit: 'ms' },
  rounds: 5,
  warmUps: 1,
  note: `Like create-debian. The kernel is \`banger kernel build\`'s; ${KERNEL_VARIABLE} names the bundle that \`banger kernel export\` wrote.`,
  prepare,
};

async function prepare(scope: Scope): Promise<Contest | Skipped> {
  const kernel = await scope.share(importOwnKernel);
  if (typeof kernel !== 'string') return kernel;
  const house = await scope.share(openVmHouse);
  const debvm = await scope.share(makeDebvm);
  const title = "Where a create's time goes: Debian with systemd, banger's own kernel";
  const picture = { name: 'create-own-kernel-stages', title };
  return {
    ...pictureCreate(house, { ...DEBIAN, kernel }, picture),
    references: [measureCreate(house, DEBIAN), measureDebvm(debvm)],
  };
}
