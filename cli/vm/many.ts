import type { Client } from '#kit/client.ts';
import { type Vm, VmServiceDefinition } from '#proto/banger/v1/vm.ts';
import type { Argument, Command, Input } from '../command.ts';
import type { Context } from '../context.ts';
import { argumentTexts } from '../input.ts';
import { onEachVm } from '../targets.ts';
import { vmToJson } from './json.ts';

export const VMS_ARGUMENT: Argument = {
  spelling: '<vm...>',
  description: 'names, ids, or beginnings of ids',
  completes: 'vm',
};

type Vms = Client<typeof VmServiceDefinition>;
type Stages = AsyncIterable<{ part?: Part | undefined }>;
type Part = { $case: 'stage'; value: unknown } | { $case: 'vm'; value: Vm };
type Unary = Promise<{ vm?: Vm | undefined }>;

/** A verb that takes several VMs and tells each one's name, or with --json each one as it is now. */
export function manyVms(
  about: Omit<Command, 'run' | 'arguments'>,
  call: (vms: Vms, vm: Vm, input: Input, context: Context) => Stages | Unary,
): Command {
  return {
    ...about,
    arguments: [VMS_ARGUMENT],
    run: async (context, input) => {
      const { clients, out } = context;
      const vms = clients.of('vmd', VmServiceDefinition);
      const changed: Vm[] = [];
      const code = await onEachVm(
        context,
        argumentTexts(input, 0),
        (vm) => resultOf(call(vms, vm, input, context), vm),
        (vm, after) => {
          changed.push(after);
          if (!out.structured) out.stdout.write(`${out.quiet ? vm.id : after.name}\n`);
        },
      );
      if (out.structured) out.rows(changed, [], vmToJson);
      return code;
    },
  };
}

async function resultOf(answer: Stages | Unary, before: Vm): Promise<Vm> {
  if ('then' in answer) return (await answer).vm ?? before;
  let after = before;
  for await (const { part } of answer) if (part?.$case === 'vm') after = part.value;
  return after;
}
