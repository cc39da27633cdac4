import type { Call } from '#kit/call.ts';
import { type Report, runStage } from '#kit/stages.ts';
import { emptyConfig } from '../image.ts';
import type { Origin } from '../make-image.ts';
import type { ArchiveKind, DiskLayer, Imaged, SpooledFile } from '../ports.ts';
import type { ImageConfig, SourceImage } from '../source-image.ts';
import { writeLayers } from './write-layers.ts';

export type StreamedWanted = {
  readonly kind: ArchiveKind | 'tar';
  readonly tag: string | undefined;
  readonly bytes: AsyncIterable<Uint8Array>;
  readonly freeBytes: number;
};

/** What a caller streams is kept first: an archive is read at many places, and its parts come in any order. */
export async function openArchiveOrigin(
  imaged: Imaged,
  call: Call,
  { wanted, folder }: { wanted: StreamedWanted; folder: string },
  report: Report,
): Promise<Origin> {
  const file = await runStage(report, 'receive', (tell) =>
    imaged.archives.spool(call, wanted.bytes, folder, tell),
  );
  const { kind, tag } = wanted;
  const image =
    kind === 'tar'
      ? undefined
      : await runStage(report, 'resolve', () =>
          imaged.archives.open(call, file, { kind, tag, scratchFolder: folder }),
        );
  const { digest, layers, config } = image === undefined ? rootFs(imaged, file) : contentOf(image);
  return {
    digest,
    write: (inner, path, tellStage) => {
      const plan = { path, identity: digest, freeBytes: wanted.freeBytes };
      return writeLayers(imaged, inner, { layers, config, plan }, tellStage);
    },
    [Symbol.asyncDispose]: async () => image?.[Symbol.asyncDispose](),
  };
}

type Content = { digest: string; layers: readonly DiskLayer[]; config: ImageConfig };

function rootFs({ archives, host }: Imaged, file: SpooledFile): Content {
  const config = emptyConfig(host.platform.architecture);
  return { digest: file.digest, layers: [archives.toLayer(file)], config };
}

function contentOf({ manifestDigest: digest, layers, config }: SourceImage): Content {
  return { digest, layers, config };
}
