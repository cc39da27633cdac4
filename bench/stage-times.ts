import type { Stage } from '#proto/banger/v1/types.ts';
import { StageState } from '#proto/banger/v1/types.ts';
import type { CreateVmResponse, Vm } from '#proto/banger/v1/vm.ts';
import { quantile } from './measure.ts';

/** A part of a create, in milliseconds since it was asked for. */
export type Span = { name: string; who: 'vmd' | 'guest' | 'command'; from: number; to: number };

export type TimedCreate = { vm: Vm; spans: Span[]; readyMs: number };

/** Reads a create to its end and takes the time of each stage where the caller sees it. */
export async function timeStages(
  stream: AsyncIterable<CreateVmResponse>,
  startedAt: number,
): Promise<TimedCreate> {
  const spans = new Map<string, Span>();
  let vm: Vm | undefined;
  for await (const { part } of stream) {
    const now = performance.now() - startedAt;
    if (part?.$case === 'vm') vm = part.value;
    if (part?.$case === 'stage') noteStage(spans, part.value, now);
  }
  if (vm === undefined) throw new Error('vmd made no machine');
  const readyMs = performance.now() - startedAt;
  return { vm, spans: withGuest([...spans.values()], vm), readyMs };
}

function noteStage(spans: Map<string, Span>, { name, state }: Stage, now: number): void {
  const known = spans.get(name);
  if (known === undefined) spans.set(name, { name, who: 'vmd', from: now, to: now });
  else if (state !== StageState.RUNNING) known.to = now;
}

/**
 * The steps that the guest went through while vmd waited for it. The guest counts from its kernel's first moment,
 * which the host does not see; its last step ends when the wait does, to within a few milliseconds.
 */
export function withGuest(spans: readonly Span[], { bootPhases }: Pick<Vm, 'bootPhases'>): Span[] {
  const at = spans.findIndex(({ name }) => name === 'boot');
  const boot = spans[at];
  const last = bootPhases.at(-1);
  if (boot === undefined || last === undefined) return [...spans];
  const offset = boot.to - last.atMs;
  let from = boot.from;
  const steps = bootPhases.map(({ name, atMs }): Span => {
    const label = name === 'init' ? 'firmware and kernel' : name;
    const span: Span = { name: `guest: ${label}`, who: 'guest', from, to: offset + atMs };
    from = span.to;
    return span;
  });
  return [...spans.slice(0, at + 1), ...steps, ...spans.slice(at + 1)];
}

/** Of several creates, the one in the middle, part by part. */
export function medianSpans(creates: readonly (readonly Span[])[]): Span[] {
  const [first = []] = creates;
  return first.map(({ name, who }) => {
    const same = creates.flatMap((spans) => spans.filter((span) => span.name === name));
    const median = (values: readonly number[]) => quantile(values, 0.5);
    return {
      ...{ name, who },
      from: median(same.map(({ from }) => from)),
      to: median(same.map(({ to }) => to)),
    };
  });
}
