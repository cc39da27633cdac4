import { parseDuration } from '#kit/duration.ts';
import { VmServiceDefinition, WaitCondition } from '#proto/banger/v1/vm.ts';
import type { Command } from '../../command.ts';
import { argumentText, optionText } from '../../input.ts';
import { UsageError } from '../../output/error.ts';
import { vmToJson } from '../../vm/json.ts';

const CONDITIONS = {
  ready: WaitCondition.READY,
  system: WaitCondition.SYSTEM,
  stopped: WaitCondition.STOPPED,
  deleted: WaitCondition.DELETED,
} as const;

export const wait: Command = {
  description:
    'Waits until a virtual machine is ready (commands can run), system (its init has finished), stopped, or deleted.',
  arguments: [
    { spelling: '<vm>', description: 'name, id, or the beginning of an id', completes: 'vm' },
  ],
  options: [
    {
      spelling: '--for <condition>',
      description: 'ready, system, stopped or deleted (default: ready)',
      completes: Object.keys(CONDITIONS),
    },
    { spelling: '--timeout <time>', description: 'give up after, such as 30s' },
  ],
  examples: [
    { line: 'banger vm wait web --for system --timeout 60s', shows: 'until systemd is done' },
  ],
  async run({ clients, out, signal }, input) {
    const wanted = optionText(input, 'for') ?? 'ready';
    const condition = Object.entries(CONDITIONS).find(([name]) => name === wanted)?.[1];
    if (condition === undefined) {
      throw new UsageError(
        `--for is one of ${Object.keys(CONDITIONS).join(', ')}, not "${wanted}"`,
        'banger vm wait',
      );
    }
    const timeout = optionText(input, 'timeout');
    const limit = timeout === undefined ? {} : { timeoutMs: parseDuration(timeout) };
    const vm = argumentText(input, 0) ?? '';
    const vms = clients.of('vmd', VmServiceDefinition);
    const answer = await vms.waitVm({ vm, condition }, { signal, ...limit });
    // Silent for people, like sleep.
    if (out.structured && answer.vm !== undefined) out.result(vmToJson(answer.vm), () => '');
    return 0;
  },
};
