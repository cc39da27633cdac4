import { type Report, runStage, type Tell } from '#kit/stages.ts';
import type { Digest } from './digest.ts';
import type { BlobProgress, SourceLayer } from './source-image.ts';

/** Blobs that come side by side, told as one stage, which ends when the last of them is there. */
export type Download = {
  note(progress: BlobProgress): void;
  end(): Promise<void>;
  fail(error: unknown): Promise<void>;
};

export function trackDownload(report: Report, layers: readonly SourceLayer[]): Download {
  const sizes = new Map(layers.map(({ digest, sizeBytes }) => [digest, sizeBytes]));
  const total = sum(sizes.values());
  const arrived = new Map<Digest, number>();
  const { promise: finished, resolve, reject } = Promise.withResolvers<void>();
  let tell: Tell = () => undefined;
  const stage = runStage(report, 'download', (inner) => {
    tell = inner;
    return finished;
  });
  // Whether it failed is the pull's to say; the stage only shows it.
  const ended = stage.catch(() => undefined);
  return {
    note({ digest, doneBytes }) {
      arrived.set(digest, doneBytes);
      const done = sum(arrived.values());
      const count = [...sizes].filter(([blob, size]) => arrived.get(blob) === size).length;
      tell(`${count} of ${sizes.size} layers`, { done, total, unit: 'bytes' });
      if (count === sizes.size) resolve();
    },
    end() {
      resolve();
      return ended;
    },
    fail(error) {
      reject(error);
      return ended;
    },
  };
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}
