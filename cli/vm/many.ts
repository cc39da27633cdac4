import type { Client } from '#kit/client.ts';
import { type Vm, VmServiceDefinition } from '#proto/banger/v1/vm.ts';
import type { Argument, Command, Input } from '../command.ts';
import type { Context } from '../context.ts';
import { argumentTexts } from '../input.ts';
import { onEachVm } from '../targets.ts';

export const VMS_ARGUMENT: Argument = {
  spelling: '<vm...>',
  description: 'names, ids, or beginnings of ids',
  completes: 'vm',
};

type Vms = Client<typeof VmServiceDefinition>;
type Staged = AsyncIterable<{ part?: { $case: string; value: unknown } | undefined }>;
type Unary = Promise<{ vm?: Vm | undefined }>;

/** A verb that takes several VMs, tells each one's name when it is done, and nothing else. */
export function manyVms(
  about: Omit<Command, 'run' | 'arguments'>,
  call: (vms: Vms, vm: Vm, input: Input, context: Context) => Staged | Unary,
): Command {
  return {
    ...about,
    arguments: [VMS_ARGUMENT],
    run: (context, input) => {
      const vms = context.clients.of('vmd', VmServiceDefinition);
      return onEachVm(
        context,
        argumentTexts(input, 0),
        async (vm) => {
          const answer = call(vms, vm, input, context);
          if ('then' in answer) await answer;
          else for await (const _ of answer);
        },
        (vm) => void context.out.stdout.write(`${context.out.quiet ? vm.id : vm.name}\n`),
      );
    },
  };
}
