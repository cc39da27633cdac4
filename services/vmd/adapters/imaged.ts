import type { Call } from '#kit/call.ts';
import { createClient } from '#kit/client.ts';
import type { Connection } from '#kit/connection.ts';
import { BangerError } from '#kit/errors.ts';
import { parseImageName, parseVmId } from '#kit/names.ts';
import type { Tell } from '#kit/stages.ts';
import { type Image, ImageServiceDefinition } from '#proto/banger/v1/image.ts';
import { KernelServiceDefinition } from '#proto/banger/v1/kernel.ts';
import { ProgressUnit, type Stage } from '#proto/banger/v1/types.ts';
import type { Images, KnownImage } from '../domain/ports.ts';
import type { ImageConfig } from '../domain/vm.ts';

export function createImages(imaged: Connection): Images {
  const images = createClient(ImageServiceDefinition, imaged);
  const kernels = createClient(KernelServiceDefinition, imaged);
  return {
    async ensureImage(call, image, credentials, tell) {
      const start = { source: image, ifAbsent: true, credentials: [...credentials] };
      const parts = images.pullImage(
        once({ part: { $case: 'start' as const, value: start } }),
        options(call),
      );
      const pulled = await lastOf(parts, 'image', tell);
      tell(pulled.name);
      return toKnownImage(pulled);
    },
    async ensureKernel(call, kernel, tell) {
      const { kernels: present } = await kernels.listKernels({}, options(call));
      const found = present.find(({ name, id }) => name === kernel || id === kernel);
      if (found !== undefined || (kernel === '' && present.length > 0)) return found?.id ?? '';
      const pulled = await lastOf(
        kernels.pullKernel({ name: kernel }, options(call)),
        'kernel',
        tell,
      );
      tell(pulled.name);
      return pulled.id;
    },
    async leaseImage(call, vmId, image) {
      const answer = await images.leaseImage({ vmId, image }, options(call));
      const leased = given(answer.image, 'image');
      const files = { disk: answer.diskPath, seed: answer.seedPath };
      return { ...toKnownImage(leased), ...files, config: toConfig(leased.config) };
    },
    async leaseKernel(call, vmId, kernel) {
      const leased = await kernels.leaseKernel({ vmId, kernel }, options(call));
      const { id, name } = given(leased.kernel, 'kernel');
      const { vmlinuxPath, initrdPath, modulesPath } = leased;
      return {
        id,
        name: parseImageName(name),
        vmlinux: vmlinuxPath,
        initrd: initrdPath,
        modules: modulesPath,
      };
    },
    async release(call, vmId) {
      await images.releaseImage({ vmId }, options(call));
      await kernels.releaseKernel({ vmId }, options(call));
    },
    async listHolders(call) {
      const { leases } = await images.listImageLeases({}, options(call));
      return [...new Set(leases.map(({ vmId }) => parseVmId(vmId)))];
    },
  };
}

function options({ signal, opId }: Call): { signal: AbortSignal; opId: string } {
  return { signal, opId };
}

async function* once<Item>(item: Item): AsyncGenerator<Item, void> {
  yield item;
}

type Part<Result extends string, Value> =
  | { $case: 'stage'; value: Stage }
  | { $case: Result; value: Value };

/** Passes a stream's stages on as remarks of one stage here, and answers its result. */
async function lastOf<Result extends string, Value>(
  parts: AsyncIterable<{ part?: Part<Result, Value> | undefined }>,
  result: Result,
  tell: Tell,
): Promise<Value> {
  let last: Value | undefined;
  for await (const { part } of parts) {
    if (part === undefined) continue;
    if (part.$case === result) last = (part as { value: Value }).value;
    else tellStage(part.value as Stage, tell);
  }
  return given(last, result);
}

function tellStage({ name, detail, progress }: Stage, tell: Tell): void {
  const text = [name, detail].filter((part) => part !== '').join(' ');
  if (progress === undefined) tell(text);
  else tell(text, { ...progress, unit: progress.unit === ProgressUnit.BYTES ? 'bytes' : 'items' });
}

function given<Value>(value: Value | undefined, what: string): Value {
  if (value !== undefined) return value;
  throw new BangerError('INTERNAL', `imaged answered without a ${what}`);
}

function toKnownImage({ id, name, managed }: Image): KnownImage {
  return { id, name: parseImageName(name), isManaged: managed };
}

function toConfig(config: Image['config']): ImageConfig {
  const { entrypoint = [], command = [], environment = [] } = config ?? {};
  const { user = '', workingDir = '', init = '' } = config ?? {};
  return { entrypoint, command, environment, user, workingDir, init };
}
