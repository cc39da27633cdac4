import { open } from 'node:fs/promises';
import type { CallOptions } from '#kit/client.ts';
import type { Image, PullImageStart } from '#proto/banger/v1/image.ts';
import type { Stage } from '#proto/banger/v1/types.ts';
import type { ImagedProcess } from './imaged-process.ts';

export type Pulled = { readonly image: Image; readonly stages: readonly Stage[] };

type Part = { $case: 'stage'; value: Stage } | { $case: 'image'; value: Image };

/** Pulls, and gives the image with the stages that were told. */
export function pull(
  imaged: Pick<ImagedProcess, 'images'>,
  start: Partial<PullImageStart>,
  options: CallOptions & { readonly path?: string; readonly onStage?: (stage: Stage) => void } = {},
): Promise<Pulled> {
  return collect(imaged.images.pullImage(requests(start, options.path), options), options.onStage);
}

export async function collect(
  parts: AsyncIterable<{ part?: Part | undefined }>,
  onStage: (stage: Stage) => void = () => undefined,
): Promise<Pulled> {
  const stages: Stage[] = [];
  let image: Image | undefined;
  for await (const { part } of parts) {
    if (part?.$case === 'image') image = part.value;
    if (part?.$case !== 'stage') continue;
    stages.push(part.value);
    onStage(part.value);
  }
  if (image === undefined) throw new Error('no image came');
  return { image, stages };
}

async function* requests(start: Partial<PullImageStart>, path: string | undefined) {
  yield { part: { $case: 'start' as const, value: start } };
  if (path !== undefined) yield* chunksOf(path);
}

/** A file as the messages that follow the first. */
export async function* chunksOf(path: string) {
  await using file = await open(path);
  const stream = file.createReadStream({ highWaterMark: 64 * 1024, autoClose: false });
  for await (const value of stream as AsyncIterable<Buffer>) {
    yield { part: { $case: 'chunk' as const, value } };
  }
}
