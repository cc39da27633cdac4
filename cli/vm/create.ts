import { type CreateVmRequest, type Vm, VmServiceDefinition } from '#proto/banger/v1/vm.ts';
import type { Input, Option } from '../command.ts';
import type { Context } from '../context.ts';
import { optionText } from '../input.ts';
import { UsageError } from '../output/error.ts';
import type { ProgressMode } from '../output/progress.ts';
import { PROGRESS_MODES } from '../output/progress.ts';
import { followStages } from '../staged.ts';
import { readPublished, readSettings, SETTING_OPTIONS } from './settings.ts';

/** The options that make a VM: for run and create alike. */
export const CREATE_OPTIONS: readonly Option[] = [
  { spelling: '--name <name>', description: 'name, also the host name; made up when not given' },
  { spelling: '--image <image>', description: 'image, recipe or registry reference' },
  { spelling: '--kernel <kernel>', description: 'kernel to boot' },
  ...SETTING_OPTIONS,
  {
    spelling: '-p, --publish <ports>',
    description: '[address:]host-port:guest-port[/udp]; may be repeated',
    repeats: true,
  },
  { spelling: '--progress <mode>', description: 'auto, plain or off', completes: PROGRESS_MODES },
];

export async function create(
  context: Context,
  input: Input,
  command: string,
  more: Partial<CreateVmRequest> = {},
): Promise<Vm> {
  const { clients, signal } = context;
  const request = {
    name: optionText(input, 'name') ?? '',
    image: optionText(input, 'image') ?? '',
    kernel: optionText(input, 'kernel') ?? '',
    settings: readSettings(input, command),
    publish: readPublished(input, command),
    ...more,
  };
  const mode = readProgress(input, command);
  const parts = clients.of('vmd', VmServiceDefinition).createVm(request, { signal });
  return followStages(context, parts, 'vm', {
    mode,
    ...(more.noStart === true ? {} : { done: (_vm: Vm, elapsed: string) => `ready in ${elapsed}` }),
  });
}

export function readProgress(input: Input, command: string): ProgressMode {
  const given = optionText(input, 'progress') ?? 'auto';
  const mode = PROGRESS_MODES.find((known) => known === given);
  if (mode !== undefined) return mode;
  throw new UsageError(`--progress is ${PROGRESS_MODES.join(', ')}, not "${given}"`, command);
}
