import type { Client } from '#kit/client.ts';
import type { Stage } from '#proto/banger/v1/types.ts';
import { type Vm, VmServiceDefinition } from '#proto/banger/v1/vm.ts';
import type { Command, Input } from '../command.ts';
import type { Context } from '../context.ts';
import { argumentTexts } from '../input.ts';
import { readShownStages, STAGE_OPTIONS } from '../shown-stages.ts';
import { showStages } from '../staged.ts';
import { onEachVm, VMS_ARGUMENT } from '../targets.ts';
import { vmToJson } from './json.ts';

type Vms = Client<typeof VmServiceDefinition>;
type Stages = AsyncIterable<{ part?: Part | undefined }>;
type Part = { $case: 'stage'; value: Stage } | { $case: 'vm'; value: Vm };
type Unary = Promise<{ vm?: Vm | undefined }>;

/** A verb that takes several VMs and tells each one's name, or with --json each one as it is now. */
export function manyVms(
  about: Omit<Command, 'run' | 'arguments'>,
  call: (vms: Vms, vm: Vm, input: Input, context: Context) => Stages | Unary,
): Command {
  // Of what takes no time nobody wants to watch the stages.
  const takesTime = STAGE_OPTIONS.every((option) => about.options?.includes(option));
  return {
    ...about,
    arguments: [VMS_ARGUMENT],
    run: async (context, input) => {
      const { clients, out } = context;
      const vms = clients.of('vmd', VmServiceDefinition);
      const references = argumentTexts(input, 0);
      const shown = takesTime ? readShownStages(input, 'banger vm') : { mode: 'off' as const };
      const progress = showStages(context, shown);
      // Stages of several run side by side.
      const nameOf = (vm: Vm, stage: Stage) =>
        references.length > 1 ? `${vm.name}: ${stage.name}` : stage.name;
      const changed: Vm[] = [];
      const code = await onEachVm(context, references, {
        verb: (vm) =>
          resultOf(call(vms, vm, input, context), vm, (stage) =>
            progress.stage({ ...stage, name: nameOf(vm, stage) }),
          ),
        ended: () => progress.end(),
        tell: (_vm, after) => void changed.push(after),
      });
      out.lines(changed, vmToJson, ({ name }) => name);
      return code;
    },
  };
}

async function resultOf(
  answer: Stages | Unary,
  before: Vm,
  onStage: (stage: Stage) => void,
): Promise<Vm> {
  if ('then' in answer) return (await answer).vm ?? before;
  let after = before;
  for await (const { part } of answer) {
    if (part?.$case === 'vm') after = part.value;
    else if (part !== undefined) onStage(part.value);
  }
  return after;
}
