import type { Call } from '#kit/call.ts';
import { type Report, runStage } from '#kit/stages.ts';
import type { Credentials } from '../credentials.ts';
import type { Origin } from '../make-image.ts';
import type { Imaged } from '../ports.ts';
import type { Reference } from '../reference.ts';
import { type Download, trackDownload } from '../track-download.ts';
import { writeLayers } from './write-layers.ts';

export type RegistryWanted = {
  readonly reference: Reference;
  readonly credentials: ReadonlyMap<string, Credentials>;
  readonly insecure: boolean;
  readonly freeBytes: number;
};

export async function openRegistryOrigin(
  imaged: Imaged,
  call: Call,
  wanted: RegistryWanted,
  report: Report,
): Promise<Origin> {
  let download: Download | undefined;
  const image = await runStage(report, 'resolve', async (tell) => {
    const { platform } = imaged.host;
    const { reference, credentials, insecure } = wanted;
    const found = await imaged.registry.openImage(reference, {
      ...{ platform, credentials, insecure, signal: call.signal },
      onProgress: (progress) => download?.note(progress),
    });
    tell(found.manifestDigest);
    return found;
  });
  return {
    digest: image.manifestDigest,
    async write(inner, path, tellStage) {
      download = trackDownload(tellStage, image.layers);
      const plan = { path, identity: image.manifestDigest, freeBytes: wanted.freeBytes };
      try {
        const { layers, config } = image;
        const written = await writeLayers(imaged, inner, { layers, config, plan }, tellStage);
        await download.end();
        return written;
      } catch (error) {
        await download.fail(error);
        throw error;
      }
    },
    [Symbol.asyncDispose]: () => image[Symbol.asyncDispose](),
  };
}
