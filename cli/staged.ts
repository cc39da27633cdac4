import { formatDuration } from '#kit/duration.ts';
import { BangerError } from '#kit/errors.ts';
import type { Stage } from '#proto/banger/v1/types.ts';
import type { Context } from './context.ts';
import { createProgress, type ProgressMode } from './output/progress.ts';
import { formatWaterfall, type Span } from './output/waterfall.ts';

type Part<Result extends string, Value> =
  | { $case: 'stage'; value: Stage }
  | { $case: Result; value: Value };

type Shown<Value> = {
  mode: ProgressMode;
  /** Say at the end where the time went, whatever the mode. */
  timing?: boolean;
  /** Makes the last line. */
  done?: (value: Value, elapsed: string) => string;
};

/** Shows the stages of a long verb and answers its result. */
export async function followStages<const Result extends string, Value>(
  { out, env }: Context,
  parts: AsyncIterable<{ part?: Part<Result, Value> | undefined }>,
  result: Result,
  { mode, timing, done }: Shown<Value>,
): Promise<Value> {
  const quiet = out.quiet || out.json;
  const progress = createProgress({
    stream: out.stderr,
    mode: quiet && mode === 'auto' ? 'off' : mode,
    color: out.stderr.isTTY && out.color,
    env,
  });
  const startedAt = performance.now();
  const spans = new Map<string, Span>();
  let value: Value | undefined;
  try {
    for await (const { part } of parts) {
      if (part?.$case === 'stage') {
        const stage = part.value as Stage;
        progress.stage(stage);
        keepSpan(spans, stage, performance.now() - startedAt);
      } else if (part?.$case === result) value = part.value as Value;
    }
  } catch (error) {
    progress.end();
    throw error;
  }
  if (value === undefined) throw new BangerError('INTERNAL', 'the service ended without a result');
  progress.end(done?.(value, formatDuration(performance.now() - startedAt)));
  if (timing === true) out.stderr.write(formatWaterfall([...spans.values()], out.stderr));
  return value;
}

/** A stage that is heard of late began as long before as it says. */
function keepSpan(spans: Map<string, Span>, { name, elapsedMs }: Stage, nowMs: number): void {
  const fromMs = spans.get(name)?.fromMs ?? Math.max(0, nowMs - elapsedMs);
  spans.set(name, { name, fromMs, forMs: elapsedMs });
}
