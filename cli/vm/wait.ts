import { parseDuration } from '#kit/duration.ts';
import { VmServiceDefinition, WaitCondition } from '#proto/banger/v1/vm.ts';
import type { Input, Option } from '../command.ts';
import type { Context } from '../context.ts';
import { optionText } from '../input.ts';
import { UsageError } from '../output/error.ts';

const CONDITIONS = { ready: WaitCondition.READY, system: WaitCondition.SYSTEM } as const;
type Condition = keyof typeof CONDITIONS;

/** How long a new machine is waited for: for run and create alike. */
export const WAIT_OPTIONS: readonly Option[] = [
  {
    spelling: '--wait <condition>',
    description: 'ready: commands can run (default); system: its init has finished too',
    completes: Object.keys(CONDITIONS),
  },
  { spelling: '--timeout <time>', description: 'give up when it takes longer, such as 30s' },
];

/** How long is left of what --timeout gave, from now on. */
export type Wait = { condition: Condition; left(): { timeoutMs?: number } };

export function readWait(input: Input, command: string): Wait {
  const named = optionText(input, 'wait') ?? 'ready';
  if (named !== 'ready' && named !== 'system') {
    throw new UsageError(`--wait is ready or system, not "${named}"`, command);
  }
  const timeout = optionText(input, 'timeout');
  if (timeout === undefined) return { condition: named, left: () => ({}) };
  const end = performance.now() + parseDuration(timeout);
  return {
    condition: named,
    left: () => ({ timeoutMs: Math.max(1, Math.ceil(end - performance.now())) }),
  };
}

/** A create has waited until the machine is ready. */
export async function awaitSystem(
  { clients, signal }: Context,
  vm: string,
  { condition, left }: Wait,
): Promise<void> {
  if (condition === 'ready') return;
  const request = { vm, condition: CONDITIONS[condition] };
  await clients.of('vmd', VmServiceDefinition).waitVm(request, { signal, ...left() });
}
