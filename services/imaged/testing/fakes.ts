import { createKeyedLock } from '#kit/keyed-lock.ts';
import { parseImageName } from '#kit/names.ts';
import { createOperations } from '#kit/operations.ts';
import { digestOf } from '../domain/digest.ts';
import {
  emptyConfig,
  type Image,
  type ImageId,
  parseImageId,
  supersededName,
} from '../domain/image.ts';
import { nameTaken } from '../domain/make-image.ts';
import type { Imaged, ImageFolders, ImageStore, Lease } from '../domain/ports.ts';
import { createSharedWork } from '../domain/shared-work.ts';

/** What the fakes hold, for tests to arrange and to look at. */
export type World = {
  readonly images: Map<ImageId, Image>;
  readonly folders: Set<ImageId>;
  leases: Lease[];
  staged: number;
  /** What was asked of sources, in order. */
  readonly asked: string[];
};

/** imaged without disks or network: what the verbs do is seen in the world. */
export function fakeImaged(change: Partial<Imaged> = {}): { imaged: Imaged; world: World } {
  const world: World = {
    images: new Map(),
    folders: new Set(),
    leases: [],
    staged: 0,
    asked: [],
  };
  let ids = 0;
  const imaged: Imaged = {
    store: fakeStore(world),
    folders: fakeFolders(world),
    ...fakeSources(world),
    blobs: {
      folder: '/cache',
      usage: async () => ({ blobs: 0, sizeBytes: 0, allocatedBytes: 0 }),
      prune: async () => ({ blobs: 0, sizeBytes: 0, allocatedBytes: 0 }),
    },
    host: {
      platform: { os: 'linux', architecture: 'amd64', variant: undefined },
      now: () => new Date(0),
      newId: () => parseImageId((++ids).toString(16).padStart(16, '0')),
      freeBytes: async () => 2 ** 40,
      hasTool: async () => true,
    },
    settings: { freeBytes: 1 },
    operations: createOperations(() => new Date(0)),
    making: createSharedWork(),
    locks: createKeyedLock(),
    ...change,
  };
  return { imaged, world };
}

function fakeStore(world: World): ImageStore {
  const { images } = world;
  const holds = (id: ImageId) => world.leases.some(({ imageId }) => imageId === id);
  return {
    list: async () => [...images.values()],
    find: async (id) => images.get(id),
    findByName: async (name) => [...images.values()].find((image) => image.name === name),
    async publish(image, replace) {
      const before = [...images.values()].find(({ name }) => name === image.name);
      if (before !== undefined && !replace) throw nameTaken(before);
      images.set(image.id, image);
      if (before === undefined) return undefined;
      images.delete(before.id);
      if (!holds(before.id)) return before.id;
      images.set(before.id, { ...before, name: supersededName(before), isSuperseded: true });
      return undefined;
    },
    update: async (image) => void images.set(image.id, image),
    remove: async (id) => images.delete(id),
    lease: async (vmId, imageId) => void world.leases.push({ vmId, imageId }),
    async release(vmId) {
      world.leases = world.leases.filter((lease) => lease.vmId !== vmId);
      return undefined;
    },
    leases: async () => world.leases,
  };
}

function fakeFolders(world: World): ImageFolders {
  const files = { disk: '/disk', seed: '/seed' };
  return {
    async stage() {
      world.staged += 1;
      return {
        folder: '/staged',
        files,
        publish: async ({ id }) => void world.folders.add(id),
        async [Symbol.asyncDispose]() {
          world.staged -= 1;
        },
      };
    },
    files: () => files,
    hasFiles: async ({ id }) => world.folders.has(id),
    allocatedBytes: async () => 0,
    remove: async (id) => void world.folders.delete(id),
    list: async () => [...world.folders],
    async sweep() {
      world.staged = 0;
      return [];
    },
  };
}

type Sources = Pick<
  Imaged,
  'disks' | 'registry' | 'archives' | 'bundles' | 'catalogues' | 'recipes'
>;

function fakeSources({ asked }: World): Sources {
  const file = { digest: digestOf(Buffer.from('file')), sizeBytes: 4, path: '/file' };
  const config = emptyConfig('amd64');
  const manifest = { name: parseImageName('bundled'), disk: file, config };
  return {
    disks: {
      build: async (_call, layers) => void asked.push(`build ${layers.length}`),
      extractSeed: async () => '/sbin/init',
      hash: async () => file,
      copy: async () => file,
      measure: async () => 4,
    },
    registry: {
      async openImage({ repository }) {
        asked.push(`registry ${repository}`);
        const manifestDigest = digestOf(Buffer.from(repository));
        const layers: [] = [];
        return {
          ...{ name: repository, manifestDigest, config, layers },
          [Symbol.asyncDispose]: async () => void asked.push('closed'),
        };
      },
    },
    archives: {
      spool: async () => file,
      open: async () => undefined,
      toLayer: () => ({ open: async function* () {} }),
    },
    bundles: {
      pack: async function* () {},
      readManifest: async () => manifest,
      unpack: async () => manifest,
    },
    catalogues: { list: async () => [], listReadable: async () => [], download: async () => file },
    recipes: {
      list: () => [],
      find: () => undefined,
      parse: () => {
        throw new Error('the test has not arranged this');
      },
      build: async () => ({ config, rootfs: (async function* () {})() }),
    },
  };
}

/** An image as the record has it, with what the test wants to be different. */
export function imageOf(change: Partial<Image> = {}): Image {
  return {
    id: parseImageId('00000000000000aa'),
    name: parseImageName('web'),
    source: 'docker://web',
    sourceDigest: 'sha256:web',
    diskDigest: digestOf(Buffer.from('disk')),
    sizeBytes: 4,
    registeredPath: '',
    config: emptyConfig('amd64'),
    init: '',
    createdAt: new Date(0),
    isSuperseded: false,
    damage: '',
    ...change,
  };
}
