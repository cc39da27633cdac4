import { digestOf } from '../domain/digest.ts';
import type { SourceImage, SourceLayer } from '../domain/source-image.ts';

export async function readLayer(layer: Pick<SourceLayer, 'open'>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of layer.open()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Reads all layers to their end and gives the digests of what came. */
export async function readLayers(image: SourceImage): Promise<string[]> {
  const digests: string[] = [];
  for (const layer of image.layers) digests.push(digestOf(await readLayer(layer)));
  return digests;
}
