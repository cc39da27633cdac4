import { WaitCondition } from '#proto/banger/v1/vm.ts';
import { readCpuMs } from '../process-facts.ts';
import type { Contest, Row, Sample, Scope } from '../row.ts';
import { identify, untilEnded } from '../until-ended.ts';
import { openVmHouse, type VmHouse } from '../vm-house.ts';
import { BUSYBOX, createdVm, createRequest, execRequests, finish } from '../vm-requests.ts';

const WAIT_MS = 30_000;

export const stop: Row = {
  name: 'stop',
  subject: 'a running machine stopped',
  references: [{ name: '`sync; poweroff -f` run in it, to the end of QEMU' }],
  figure: { name: 'wall', unit: 'ms' },
  beside: { name: "vmd's CPU", unit: 'ms' },
  rounds: 7,
  warmUps: 1,
  note: "The busybox image. vmd asks the guest's agent, which ends all processes, writes everything down and powers off; then the record says so. By hand, the command is sent through vmd too, and the guest ends no process.",
  prepare,
};

async function prepare(scope: Scope): Promise<Contest> {
  const house = await scope.share(openVmHouse);
  const { vms } = house;
  const { id: vm } = await createdVm(vms.createVm(createRequest(BUSYBOX, { noStart: true })));
  scope.cleanup.defer(() => finish(vms.deleteVm({ vm })));
  return {
    subject: () => timeEnd(house, vm, () => finish(vms.stopVm({ vm }))),
    references: [() => timeEnd(house, vm, () => powerOff(house, vm))],
  };
}

async function timeEnd(
  { vms, vmdPid }: VmHouse,
  vm: string,
  end: () => Promise<void>,
): Promise<Sample> {
  await finish(vms.startVm({ vm }));
  const cpuBefore = readCpuMs(vmdPid);
  const startedAt = performance.now();
  await end();
  const value = performance.now() - startedAt;
  const beside = readCpuMs(vmdPid) - cpuBefore;
  const condition = WaitCondition.STOPPED;
  await vms.waitVm({ vm, condition, timeoutMs: WAIT_MS });
  return { value, beside };
}

async function powerOff({ vms }: VmHouse, vm: string): Promise<void> {
  const { pid = 0 } = (await vms.getVm({ vm })).vm ?? {};
  const qemu = identify(pid);
  // The channel goes down with the guest, before the command has ended.
  await finish(vms.execVm(execRequests(vm, ['sh', '-c', 'sync; poweroff -f']))).catch(
    () => undefined,
  );
  await untilEnded(qemu);
}
