import type { Call } from '#kit/call.ts';
import type { WithCall } from '#kit/call-middleware.ts';
import { parseImageName, parseVmId } from '#kit/names.ts';
import { toStageMessage } from '#kit/operation-service.ts';
import type { Rpc } from '#kit/rpc.ts';
import type { Report } from '#kit/stages.ts';
import { ImageServiceDefinition, type ImageServiceImplementation } from '#proto/banger/v1/image.ts';
import { buildImage } from './domain/build-image.ts';
import { deleteImage } from './domain/delete-image.ts';
import { describeImage } from './domain/describe-image.ts';
import { exportImage } from './domain/export-image.ts';
import { getImage } from './domain/get-image.ts';
import type { Image } from './domain/image.ts';
import { importImage } from './domain/import-image.ts';
import { leaseImage } from './domain/lease-image.ts';
import { listAvailableImages } from './domain/list-available-images.ts';
import { listImages } from './domain/list-images.ts';
import type { Imaged } from './domain/ports.ts';
import { promoteImage } from './domain/promote-image.ts';
import { pullImage } from './domain/pull-image.ts';
import { registerImage } from './domain/register-image.ts';
import { releaseImage } from './domain/release-image.ts';
import { verifyImage } from './domain/verify-image.ts';
import { toAvailableMessage, toImageMessage } from './messages/image-message.ts';
import { parseBuild, parseImport, parsePull } from './messages/requests.ts';
import { readStart } from './messages/streamed-request.ts';

export function imageService(imaged: Imaged): Rpc {
  const implementation: ImageServiceImplementation<WithCall> = {
    async *pullImage(requests, { call }) {
      const { start, chunks } = await readStart(requests);
      const wanted = parsePull(start, chunks);
      const { name, source, detach } = start;
      yield* staged(
        imaged,
        call,
        { verb: 'pull image', target: name || source, detach },
        (inner, report) => pullImage(imaged, inner, wanted, report),
      );
    },
    async *buildImage(request, { call }) {
      const wanted = parseBuild(request);
      const { name, recipe, detach } = request;
      const target = name || (recipe?.$case === 'recipeName' ? recipe.value : 'recipe');
      yield* staged(imaged, call, { verb: 'build image', target, detach }, (inner, report) =>
        buildImage(imaged, inner, wanted, report),
      );
    },
    async *importImage(requests, { call }) {
      const { start, chunks } = await readStart(requests);
      const wanted = parseImport(start, chunks);
      const target = start.name || 'bundle';
      yield* staged(
        imaged,
        call,
        { verb: 'import image', target, detach: false },
        (inner, report) => importImage(imaged, inner, wanted, report),
      );
    },
    async *exportImage({ image }, { call }) {
      for await (const chunk of exportImage(imaged, call, image)) {
        yield { chunk: Buffer.from(chunk) };
      }
    },
    registerImage: async ({ name, path }, { call }) =>
      answer(imaged, await registerImage(imaged, call, { name: parseImageName(name), path })),
    async *promoteImage({ image }, { call }) {
      yield* staged(
        imaged,
        call,
        { verb: 'promote image', target: image, detach: false },
        (inner, report) => promoteImage(imaged, inner, image, report),
      );
    },
    listImages: async () => ({ images: (await listImages(imaged)).map(toImageMessage) }),
    listAvailableImages: async (_request, { call }) => ({
      images: (await listAvailableImages(imaged, call)).map(toAvailableMessage),
    }),
    getImage: async ({ image }) => answer(imaged, await getImage(imaged, image)),
    async *verifyImage({ image }, { call }) {
      yield* staged(
        imaged,
        call,
        { verb: 'verify image', target: image, detach: false },
        (inner, report) => verifyImage(imaged, inner, image, report),
      );
    },
    deleteImage: async ({ image }, { call }) => {
      await deleteImage(imaged, call, image);
      return {};
    },
    leaseImage: async ({ vmId, image }, { call }) => {
      const { image: leased, files } = await leaseImage(imaged, call, parseVmId(vmId), image);
      return { ...(await answer(imaged, leased)), diskPath: files.disk, seedPath: files.seed };
    },
    releaseImage: async ({ vmId }, { call }) => {
      await releaseImage(imaged, call, parseVmId(vmId));
      return {};
    },
    listImageLeases: async () => ({
      leases: (await imaged.store.leases()).map(({ vmId, imageId = '' }) => ({ vmId, imageId })),
    }),
    getImageCache: async () => ({ ...(await imaged.blobs.usage()), path: imaged.blobs.folder }),
    pruneImageCache: async ({ dryRun }) => {
      const { blobs, allocatedBytes } = await imaged.blobs.prune(dryRun);
      return { blobs, freedBytes: allocatedBytes };
    },
  };
  return { definition: ImageServiceDefinition, implementation };
}

async function answer(imaged: Imaged, image: Image) {
  const listed = await describeImage(imaged, image, await imaged.store.leases());
  return { image: toImageMessage(listed) };
}

type Operated = { verb: string; target: string; detach: boolean };

/** A long verb as a listed operation: its stages as they come, then the image. */
async function* staged(
  imaged: Imaged,
  call: Call,
  { verb, target, detach }: Operated,
  work: (call: Call, report: Report) => Promise<Image>,
) {
  const stages = imaged.operations.run(call, { verb, target, detach, work });
  for (;;) {
    const next = await stages.next();
    if (next.done === true) {
      const { image } = await answer(imaged, next.value);
      yield { part: { $case: 'image' as const, value: image } };
      return;
    }
    yield { part: { $case: 'stage' as const, value: toStageMessage(next.value) } };
  }
}
