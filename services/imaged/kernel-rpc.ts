import type { Call } from '#kit/call.ts';
import type { WithCall } from '#kit/call-middleware.ts';
import { BangerError } from '#kit/errors.ts';
import { parseImageName, parseVmId } from '#kit/names.ts';
import { toStageMessage } from '#kit/operation-service.ts';
import type { Operations } from '#kit/operations.ts';
import type { Rpc } from '#kit/rpc.ts';
import type { Report } from '#kit/stages.ts';
import {
  KernelServiceDefinition,
  type KernelServiceImplementation,
} from '#proto/banger/v1/kernel.ts';
import { deleteKernel } from './domain/delete-kernel.ts';
import { findKernel } from './domain/find-kernel.ts';
import type { Kernel } from './domain/kernel.ts';
import type { Kernels } from './domain/kernel-ports.ts';
import { leaseKernel } from './domain/lease-kernel.ts';
import { listKernels, withUse } from './domain/list-kernels.ts';
import { importPackage, PACKAGED_KERNELS, pullKernel } from './domain/pull-kernel.ts';
import { toKernelMessage } from './messages/kernel-message.ts';

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
  const implementation: Partial<KernelServiceImplementation<WithCall>> = {
    async *pullKernel(request, { call }) {
      const operated = { verb: 'pull kernel', target: request.name, detach: request.detach };
      yield* staged(call, operated, (inner, report) => pullKernel(kernels, inner, request, report));
    },
    async *importKernel(requests, { call }) {
      const first = (await requests[Symbol.asyncIterator]().next()).value;
      if (first?.part?.$case !== 'start')
        throw invalid('part', 'the first message must be "start"');
      const { name: given, package: packageName } = first.part.value;
      if (packageName === '')
        throw invalid('package', 'name a kernel package, such as "linux-image-cloud-amd64"');
      const name = parseImageName(given);
      yield* staged(call, { verb: 'import kernel', target: name, detach: false }, (inner, report) =>
        kernels.locks.with(name, inner.signal, () =>
          importPackage(kernels, inner, { name, package: packageName }, report),
        ),
      );
    },
    listKernels: async () => ({ kernels: (await listKernels(kernels)).map(toKernelMessage) }),
    listAvailableKernels: async () => {
      const present = new Set((await kernels.store.list()).map(({ name }): string => name));
      return {
        kernels: PACKAGED_KERNELS.map(({ name, description }) => ({
          name,
          description,
          origin: 'package',
          present: present.has(name),
        })),
      };
    },
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

function invalid(field: string, message: string): BangerError {
  return new BangerError('INVALID_FIELD', message, { metadata: { field } });
}
