import { bundle } from '../environment.ts';
import type { Contest, Row, Scope } from '../row.ts';
import { measureRuns } from '../run-program.ts';
import { openVmHouse } from '../vm-house.ts';
import { BUSYBOX, createdVm, createRequest, finish } from '../vm-requests.ts';

export const exec: Row = {
  name: 'exec',
  subject: '`banger vm exec NAME -- true`',
  references: [{ name: '`banger vm list`', atMostMore: 30 }],
  figure: { name: 'wall', unit: 'ms' },
  beside: { name: "the command line's CPU", unit: 'ms' },
  rounds: 30,
  warmUps: 3,
  note: 'In a running machine of the busybox image. What is more than a list is loading what exec needs, a stream to vmd, and a process in the guest.',
  prepare,
};

async function prepare(scope: Scope): Promise<Contest> {
  const { vms, env } = await scope.share(openVmHouse);
  const { id: vm, name } = await createdVm(vms.createVm(createRequest(BUSYBOX)));
  scope.cleanup.defer(() => finish(vms.deleteVm({ vm })));
  const banger = (words: readonly string[], prints: RegExp) =>
    measureRuns({
      file: process.execPath,
      // As the launcher starts it.
      args: ['--use-openssl-ca', bundle('banger.cjs'), ...words],
      env,
      prints,
    });
  return {
    subject: banger(['vm', 'exec', name, '--', 'true'], /^$/),
    references: [banger(['vm', 'list'], new RegExp(`\\b${name}\\b`))],
  };
}
