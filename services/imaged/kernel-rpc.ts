import type { Call } from '#kit/call.ts';
import type { WithCall } from '#kit/call-middleware.ts';
import { parseVmId } from '#kit/names.ts';
import { toStageMessage } from '#kit/operation-service.ts';
import type { Operations } from '#kit/operations.ts';
import type { Rpc } from '#kit/rpc.ts';
import type { Report } from '#kit/stages.ts';
import {
  KernelServiceDefinition,
  type KernelServiceImplementation,
} from '#proto/banger/v1/kernel.ts';
import { buildKernel } from './domain/build-kernel.ts';
import { deleteKernel } from './domain/delete-kernel.ts';
import { exportKernel } from './domain/export-kernel.ts';
import { findKernel } from './domain/find-kernel.ts';
import { importKernel } from './domain/import-kernel.ts';
import { type Kernel, OWN_KERNEL } from './domain/kernel.ts';
import type { Kernels } from './domain/kernel-ports.ts';
import { leaseKernel } from './domain/lease-kernel.ts';
import { listAvailableKernels } from './domain/list-available-kernels.ts';
import { listKernels, withUse } from './domain/list-kernels.ts';
import { pullKernel } from './domain/pull-kernel.ts';
import { parseImportKernel, toKernelMessage } from './messages/kernel-message.ts';
import { readStart } from './messages/streamed-request.ts';

export function kernelService(kernels: Kernels, operations: Operations): Rpc {
  const answer = async (kernel: Kernel) => toKernelMessage(await withUse(kernels, kernel));
  const staged = async function* (
    call: Call,
    operated: { verb: string; target: string; detach: boolean },
    work: (call: Call, report: Report) => Promise<Kernel>,
  ) {
    const stages = operations.run(call, { ...operated, work });
    for (;;) {
      const next = await stages.next();
      if (next.done === true) {
        yield { part: { $case: 'kernel' as const, value: await answer(next.value) } };
        return;
      }
      yield { part: { $case: 'stage' as const, value: toStageMessage(next.value) } };
    }
  };
  const implementation: KernelServiceImplementation<WithCall> = {
    async *pullKernel(request, { call }) {
      const operated = { verb: 'pull kernel', target: request.name, detach: request.detach };
      yield* staged(call, operated, (inner, report) => pullKernel(kernels, inner, request, report));
    },
    async *buildKernel(request, { call }) {
      const target = request.name || OWN_KERNEL;
      const operated = { verb: 'build kernel', target, detach: request.detach };
      yield* staged(call, operated, (inner, report) =>
        buildKernel(kernels, inner, request, report),
      );
    },
    async *importKernel(requests, { call }) {
      const { start, chunks } = await readStart(requests);
      const wanted = parseImportKernel(start, chunks);
      const operated = { verb: 'import kernel', target: wanted.name, detach: false };
      yield* staged(call, operated, (inner, report) =>
        importKernel(kernels, inner, wanted, report),
      );
    },
    async *exportKernel({ kernel }, { call }) {
      for await (const chunk of exportKernel(kernels, call, kernel)) {
        yield { chunk: Buffer.from(chunk) };
      }
    },
    listKernels: async () => ({ kernels: (await listKernels(kernels)).map(toKernelMessage) }),
    listAvailableKernels: async (_request, { call }) => ({
      kernels: await listAvailableKernels(kernels, call),
    }),
    getKernel: async ({ kernel }) => ({ kernel: await answer(await findKernel(kernels, kernel)) }),
    deleteKernel: async ({ kernel }, { call }) => {
      await deleteKernel(kernels, call, kernel);
      return {};
    },
    leaseKernel: async ({ vmId, kernel: reference }, { call }) => {
      const { kernel, files } = await leaseKernel(kernels, call, parseVmId(vmId), reference);
      return {
        kernel: await answer(kernel),
        vmlinuxPath: files.vmlinux,
        initrdPath: files.initrd,
        modulesPath: files.modules,
      };
    },
    releaseKernel: async ({ vmId }) => {
      await kernels.store.release(parseVmId(vmId));
      return {};
    },
  };
  return { definition: KernelServiceDefinition, implementation };
}
