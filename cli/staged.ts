import { formatDuration } from '#kit/duration.ts';
import { BangerError } from '#kit/errors.ts';
import type { Stage } from '#proto/banger/v1/types.ts';
import type { Context } from './context.ts';
import { createProgress, type Progress } from './output/progress.ts';
import { formatWaterfall, type Span } from './output/waterfall.ts';
import type { ShownStages } from './shown-stages.ts';

type Part<Result extends string, Value> =
  | { $case: 'stage'; value: Stage }
  | { $case: Result; value: Value };

type Shown<Value> = ShownStages & {
  /** Makes the last line. */
  done?: (value: Value, elapsed: string) => string;
};

/** Shows the stages of a long verb and answers its result. */
export async function followStages<const Result extends string, Value>(
  context: Pick<Context, 'out' | 'env'>,
  parts: AsyncIterable<{ part?: Part<Result, Value> | undefined }>,
  result: Result,
  { done, ...shown }: Shown<Value>,
): Promise<Value> {
  const progress = showStages(context, shown);
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

/** Progress as this command line shows it, with the time of each stage at the end where that was asked for. */
export function showStages(
  { out, env }: Pick<Context, 'out' | 'env'>,
  { mode, timing = false }: ShownStages,
): Progress {
  const quiet = out.quiet || out.structured;
  const progress = createProgress({
    stream: out.stderr,
    mode: quiet && mode === 'auto' ? 'off' : mode,
    color: out.stderr.isTTY && out.color,
    env,
  });
  const startedAt = performance.now();
  const spans = new Map<string, Span>();
  return {
    stage(stage) {
      progress.stage(stage);
      keepSpan(spans, stage, performance.now() - startedAt);
    },
    end(summary) {
      progress.end(summary);
      if (timing) out.stderr.write(formatWaterfall([...spans.values()], out.stderr));
    },
  };
}

/** A stage that is heard of late began as long before as it says. */
function keepSpan(spans: Map<string, Span>, { name, elapsedMs }: Stage, nowMs: number): void {
  const fromMs = spans.get(name)?.fromMs ?? Math.max(0, nowMs - elapsedMs);
  spans.set(name, { name, fromMs, forMs: elapsedMs });
}
