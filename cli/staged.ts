import { formatDuration } from '#kit/duration.ts';
import { BangerError } from '#kit/errors.ts';
import type { Stage } from '#proto/banger/v1/types.ts';
import type { Context } from './context.ts';
import { createProgress, type ProgressMode } from './output/progress.ts';

type Part<Result extends string, Value> =
  | { $case: 'stage'; value: Stage }
  | { $case: Result; value: Value };

/** Shows the stages of a long verb and answers its result; `done` makes the last line of it. */
export async function followStages<const Result extends string, Value>(
  { out, env }: Context,
  parts: AsyncIterable<{ part?: Part<Result, Value> | undefined }>,
  result: Result,
  { mode, done }: { mode: ProgressMode; done?: (value: Value, elapsed: string) => string },
): Promise<Value> {
  const quiet = out.quiet || out.json;
  const progress = createProgress({
    stream: out.stderr,
    mode: quiet && mode === 'auto' ? 'off' : mode,
    color: out.stderr.isTTY && out.color,
    env,
  });
  const startedAt = performance.now();
  let value: Value | undefined;
  try {
    for await (const { part } of parts) {
      if (part?.$case === 'stage') progress.stage(part.value as Stage);
      else if (part?.$case === result) value = part.value as Value;
    }
  } catch (error) {
    progress.end();
    throw error;
  }
  if (value === undefined) throw new BangerError('INTERNAL', 'the service ended without a result');
  progress.end(done?.(value, formatDuration(performance.now() - startedAt)));
  return value;
}
