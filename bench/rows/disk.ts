import { createReadStream, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Client, createClient } from '#kit/client.ts';
import { openConnection } from '#kit/connection.ts';
import { socketPath } from '#kit/paths.ts';
import { ImageServiceDefinition } from '#proto/banger/v1/image.ts';
import { makeEnvironment, startService } from '../environment.ts';
import { measureTools } from '../measure-tools.ts';
import { type LayoutSize, makeOciLayout, type OciLayout } from '../oci-layout.ts';
import { readPeakMib, resetPeak } from '../process-facts.ts';
import type { Contest, Row, Sample, Scope } from '../row.ts';

const MIB = 2 ** 20;

/** From an OCI archive to a disk that boots: once of the size of a usual image, once of a large one. */
export const disk = diskRow('disk', { files: 8000, bytes: 330 * MIB }, 5);
export const diskLarge = diskRow('disk-large', { files: 58_000, bytes: 1200 * MIB }, 3);

function diskRow(name: string, size: LayoutSize, rounds: number): Row {
  return {
    name,
    subject: `OCI archive of ${size.files} files, ${size.bytes / MIB} MiB, to a bootable image`,
    references: [
      { name: '`umoci unpack` and `mkfs.ext4 -d`', atMost: 0.35 },
      { name: '`gzip -dc` of the layers alone', atMost: 1.3 },
    ],
    figure: { name: 'wall', unit: 'ms' },
    beside: { name: 'peak', unit: 'MiB' },
    rounds,
    warmUps: 1,
    note: 'The archive has three gzip layers and is made by the benchmark. What is measured begins with sending it to imaged and ends with the published image, so hashing the archive, each layer and the disk, and syncing it, are in the figure; of the references, none hashes the disk or syncs it.',
    prepare: (scope) => prepare(scope, size),
  };
}

async function prepare(scope: Scope, size: LayoutSize): Promise<Contest> {
  const layout = await makeOciLayout(scope.folder, size);
  const environment = makeEnvironment(scope);
  const { pid } = await startService(scope, environment, 'imaged');
  const socket = socketPath(environment.paths, 'imaged');
  const connection = openConnection({ socket, service: 'imaged', patienceMs: 0 });
  scope.cleanup.defer(() => connection.close());
  const images = createClient(ImageServiceDefinition, connection);
  const gunzip = layout.layers.map((layer) => ({ file: 'gzip', args: ['-dc', layer] }));
  return {
    subject: () => pullArchive(images, pid, layout),
    references: [() => unpackAndMake(scope, layout, size), () => measureTools(gunzip)],
  };
}

async function pullArchive(
  images: Client<typeof ImageServiceDefinition>,
  pid: number,
  { archive }: OciLayout,
): Promise<Sample> {
  resetPeak(pid);
  const startedAt = performance.now();
  let isMade = false;
  for await (const { part } of images.pullImage(requests(archive))) {
    isMade ||= part?.$case === 'image';
  }
  const value = performance.now() - startedAt;
  if (!isMade) throw new Error('imaged made no image');
  const beside = readPeakMib(pid) ?? Number.NaN;
  await images.deleteImage({ image: 'bench' });
  return { value, beside };
}

async function* requests(archive: string) {
  const start = { source: 'oci-archive:', name: 'bench' };
  yield { part: { $case: 'start' as const, value: start } };
  const bytes = createReadStream(archive, { highWaterMark: 64 * 1024 });
  for await (const value of bytes as AsyncIterable<Buffer>) {
    yield { part: { $case: 'chunk' as const, value } };
  }
}

async function unpackAndMake(
  { folder }: Scope,
  layout: OciLayout,
  { bytes }: LayoutSize,
): Promise<Sample> {
  const bundle = join(folder, 'bundle');
  const target = join(folder, 'reference.ext4');
  const rootless = process.getuid?.() === 0 ? [] : ['--rootless'];
  const unpack = ['unpack', ...rootless, '--image', `${layout.folder}:bench`, bundle];
  const size = `${Math.ceil((bytes * 1.5) / MIB)}M`;
  try {
    return await measureTools([
      { file: 'umoci', args: unpack },
      { file: 'mkfs.ext4', args: ['-q', '-d', join(bundle, 'rootfs'), target, size] },
    ]);
  } finally {
    for (const path of [bundle, target]) rmSync(path, { recursive: true, force: true });
  }
}
