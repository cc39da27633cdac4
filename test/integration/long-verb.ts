import { PullImageStart } from '#proto/banger/v1/image.ts';
import type { Stage } from '#proto/banger/v1/types.ts';

type Part<Result extends string, Value> =
  | { $case: 'stage'; value: Stage }
  | { $case: Result; value: Value };

/** The last message of a long verb, which is its result. */
export async function resultOf<Value>(
  parts: AsyncIterable<{ part?: Part<string, Value> | undefined }>,
  onStage: (stage: Stage) => void = () => undefined,
): Promise<Value> {
  let result: Value | undefined;
  for await (const { part } of parts) {
    if (part?.$case === 'stage') onStage(part.value as Stage);
    else if (part !== undefined) result = part.value as Value;
  }
  return given(result);
}

export async function* only<Item>(item: Item): AsyncGenerator<Item, void> {
  yield item;
}

export function given<Value>(value: Value | undefined): Value {
  if (value === undefined) throw new Error('the service answered without a result');
  return value;
}

export function pullStart(source: string, name = '') {
  return { $case: 'start' as const, value: PullImageStart.fromPartial({ source, name }) };
}
