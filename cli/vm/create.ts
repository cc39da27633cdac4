import type { Client } from '#kit/client.ts';
import { type Vm, VmServiceDefinition } from '#proto/banger/v1/vm.ts';
import type { Input, Option } from '../command.ts';
import type { Context } from '../context.ts';
import { optionText } from '../input.ts';
import { readShownStages, type ShownStages, STAGE_OPTIONS } from '../shown-stages.ts';
import { followStages } from '../staged.ts';
import { readSyncedFiles } from '../user/file-sync.ts';
import { readGitIdentity } from '../user/git-identity.ts';
import { createHeld } from './held.ts';
import { readPublished, readSettings, SETTING_OPTIONS } from './settings.ts';
import { awaitSystem, readWait, WAIT_OPTIONS, type Wait } from './wait.ts';

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
  ...WAIT_OPTIONS,
  ...STAGE_OPTIONS,
];

type VmService = Client<typeof VmServiceDefinition>;
/** The contract's message with the fields that a caller leaves out left out. */
export type CreateRequest = Parameters<VmService['createVm']>[0];

/** What a command line asks to make, before anything is made. */
export type Wanted = {
  request: CreateRequest;
  wait: Wait;
  shown: ShownStages;
};

export async function readCreate(context: Context, input: Input, command: string): Promise<Wanted> {
  const request = {
    name: optionText(input, 'name') ?? '',
    image: optionText(input, 'image') ?? '',
    kernel: optionText(input, 'kernel') ?? '',
    settings: readSettings(input, command),
    publish: readPublished(input, command),
  };
  const shown = readShownStages(input, command);
  const [gitIdentity, syncedFiles] = await Promise.all([
    readGitIdentity(context),
    readSyncedFiles(context),
  ]);
  return {
    request: { ...request, gitIdentity, syncedFiles },
    wait: readWait(input, command),
    shown,
  };
}

export async function create(
  context: Context,
  { request, wait, shown }: Wanted,
  more: CreateRequest,
): Promise<Vm> {
  const { clients, signal } = context;
  const message = { ...request, ...more };
  const vms = clients.of('vmd', VmServiceDefinition);
  const parts =
    more.hold === true
      ? createHeld(vms, message, { signal, ...wait.left() })
      : vms.createVm(message, { signal, ...wait.left() });
  const vm = await followStages(context, parts, 'vm', {
    ...shown,
    ...(more.noStart === true ? {} : { done: (_vm: Vm, elapsed: string) => `ready in ${elapsed}` }),
  });
  if (more.noStart !== true) await awaitSystem(context, vm.id, wait);
  return vm;
}
