import type { Stage } from '#proto/banger/v1/types.ts';
import type { ImagedProcess } from './imaged-process.ts';

/** Kills imaged as soon as a verb tells that a stage has begun, or when that is ready, and starts it again. Answers how the verb ended. */
export async function killAt<Result>(
  imaged: Pick<ImagedProcess, 'kill' | 'start'>,
  stage: string,
  verb: (onStage: (told: Stage) => void) => Promise<Result>,
  isReady: () => Promise<void> = async () => undefined,
): Promise<PromiseSettledResult<Result>> {
  let killed: Promise<void> | undefined;
  const [ended] = await Promise.allSettled([
    verb(({ name }) => {
      if (name === stage) killed ??= isReady().then(() => imaged.kill());
    }),
  ]);
  if (killed === undefined) throw new Error(`no stage "${stage}" was told of`, { cause: ended });
  await killed;
  await imaged.start();
  return ended;
}
