import { whenAborted } from '#kit/abort.ts';
import type { Call } from '#kit/call.ts';
import type { WithCall } from '#kit/call-middleware.ts';
import { toStageMessage } from '#kit/operation-service.ts';
import type { Rpc } from '#kit/rpc.ts';
import type { Report } from '#kit/stages.ts';
import { VmServiceDefinition, type VmServiceImplementation } from '#proto/banger/v1/vm.ts';
import { createVm } from './domain/create-vm.ts';
import { deleteVm } from './domain/delete-vm.ts';
import { findVm } from './domain/find-vm.ts';
import { killVm } from './domain/kill-vm.ts';
import { listVms } from './domain/list-vms.ts';
import { pauseVm } from './domain/pause-vm.ts';
import type { Vmd } from './domain/ports.ts';
import { pruneVms } from './domain/prune-vms.ts';
import { restartVm } from './domain/restart-vm.ts';
import { resumeVm } from './domain/resume-vm.ts';
import { setVm } from './domain/set-vm.ts';
import { startVm } from './domain/start-vm.ts';
import { stopVm } from './domain/stop-vm.ts';
import { touchVm } from './domain/touch-vm.ts';
import type { Vm } from './domain/vm.ts';
import { waitVm } from './domain/wait-vm.ts';
import { guestMethods } from './guest-rpc.ts';
import { parseCondition, parseCreate, parseSet, parseSignal } from './messages/requests.ts';
import { toFailureMessage, toVmMessage } from './messages/vm-message.ts';
import { portMethods } from './port-rpc.ts';
import { workspaceMethods } from './workspace-rpc.ts';

/** What VmService does with whole machines; guest-rpc.ts, port-rpc.ts and workspace-rpc.ts have the rest. */
export function vmService(vmd: Vmd): Rpc {
  const implementation: Partial<VmServiceImplementation<WithCall>> = {
    ...guestMethods(vmd),
    ...portMethods(vmd),
    ...workspaceMethods(vmd),
    async *createVm(request, { call }) {
      const wanted = parseCreate(request, call.signal);
      yield* staged(
        vmd,
        call,
        { verb: 'create vm', target: request.name, ...request },
        (inner, report) => createVm(vmd, inner, wanted, report),
      );
      if (request.hold) await whenAborted(call.signal);
    },
    async *startVm(request, { call }) {
      yield* staged(
        vmd,
        call,
        { verb: 'start vm', target: request.vm, ...request },
        (inner, report) => startVm(vmd, inner, request.vm, report),
      );
    },
    async *stopVm(request, { call }) {
      yield* staged(
        vmd,
        call,
        { verb: 'stop vm', target: request.vm, ...request },
        (inner, report) => stopVm(vmd, inner, request.vm, request.graceMs, report),
      );
    },
    async *restartVm(request, { call }) {
      yield* staged(
        vmd,
        call,
        { verb: 'restart vm', target: request.vm, ...request },
        (inner, report) => restartVm(vmd, inner, request.vm, request.graceMs, report),
      );
    },
    async *deleteVm(request, { call }) {
      yield* staged(
        vmd,
        call,
        { verb: 'delete vm', target: request.vm, ...request },
        (inner, report) => deleteVm(vmd, inner, request.vm, request, report),
      );
    },
    async *pruneVms({ dryRun }, { call }) {
      for await (const { vm, failure } of pruneVms(vmd, call, { dryRun })) {
        yield failure === undefined
          ? { vm: toVmMessage(vm) }
          : { vm: toVmMessage(vm), failure: toFailureMessage(failure) };
      }
    },
    killVm: async ({ vm, signal }, { call }) =>
      answer(await killVm(vmd, call, vm, parseSignal(signal))),
    pauseVm: async ({ vm }, { call }) => answer(await pauseVm(vmd, call, vm)),
    resumeVm: async ({ vm }, { call }) => answer(await resumeVm(vmd, call, vm)),
    setVm: async (request, { call }) =>
      answer(await setVm(vmd, call, request.vm, parseSet(request))),
    listVms: async () => ({ vms: (await listVms(vmd)).map(toVmMessage) }),
    getVm: async ({ vm }) => answer(await findVm(vmd, vm)),
    waitVm: async ({ vm, condition, timeoutMs }, { call }) => {
      const limited = timeoutMs === 0 ? call : withTimeout(call, timeoutMs);
      return answer(await waitVm(vmd, limited, vm, parseCondition(condition)));
    },
    touchVm: async ({ vm }) => {
      await touchVm(vmd, vm);
      return {};
    },
  };
  return { definition: VmServiceDefinition, implementation };
}

function answer(vm: Vm) {
  return { vm: toVmMessage(vm) };
}

type Operated = { verb: string; target: string; detach: boolean };

/** A long verb as a listed operation: its stages as they come, then the VM. */
async function* staged(
  vmd: Vmd,
  call: Call,
  { verb, target, detach }: Operated,
  work: (call: Call, report: Report) => Promise<Vm>,
) {
  const stages = vmd.operations.run(call, { verb, target, detach, work });
  for (;;) {
    const next = await stages.next();
    if (next.done === true) {
      yield { part: { $case: 'vm' as const, value: toVmMessage(next.value) } };
      return;
    }
    yield { part: { $case: 'stage' as const, value: toStageMessage(next.value) } };
  }
}

function withTimeout(call: Call, timeoutMs: number): Call {
  return { ...call, signal: AbortSignal.any([call.signal, AbortSignal.timeout(timeoutMs)]) };
}
