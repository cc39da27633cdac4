import { resolve } from 'node:path';
import type { Vm } from '#proto/banger/v1/vm.ts';
import type { Input, Option } from '../command.ts';
import type { Context } from '../context.ts';
import { argumentText } from '../input.ts';
import { UsageError } from '../output/error.ts';
import type { ShownStages } from '../shown-stages.ts';
import { bootstrapTools, findToolFile } from './bootstrap.ts';
import { tellLeftBehind } from './left-behind.ts';
import { printPlan, readPlan, WORKSPACE_OPTIONS } from './options.ts';
import { GUEST_PATH, prepareWorkspace } from './prepare.ts';

/** A repository that goes along with a fresh machine. */
export type RunWorkspace = {
  /** What --dry-run prints. */
  print(): void;
  /** Puts it into the machine, and gets its tools where a person will work with them. */
  prepare(vm: Vm, shown: ShownStages): Promise<void>;
};

export const RUN_WORKSPACE_OPTIONS: readonly Option[] = [
  ...WORKSPACE_OPTIONS.filter(({ spelling }) => spelling !== '--dry-run'),
  {
    spelling: '--no-bootstrap',
    description: 'do not install the tools that the repository names for mise',
  },
];

const NEED_PATH = ['branch', 'from', 'includeUntracked', 'readonly', 'mode'] as const;

/** Reads what is to go along, and refuses what cannot, before anything is made. */
export async function readRunWorkspace(
  context: Context,
  input: Input,
  { command, nat }: { command: string; nat: boolean },
): Promise<RunWorkspace | undefined> {
  const path = argumentText(input, 0);
  if (path === undefined) {
    const option = NEED_PATH.find((name) => input.options[name] !== undefined);
    if (option === undefined) return undefined;
    const spelled = option.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new UsageError(`--${spelled} is about a repository; name one, such as "."`, command);
  }
  const plan = await readPlan(context, input, resolve(context.cwd, path), command);
  // A command runs with what the image has: whoever runs one wants its output, not that of an installation.
  const toolFile =
    input.options.bootstrap === false || input.rest !== undefined ? undefined : findToolFile(plan);
  if (toolFile !== undefined && !nat) {
    throw new UsageError(
      `"${plan.repository.name}" names its tools in ${toolFile}, and installing them needs a way to the outside; add --nat, or --no-bootstrap`,
      command,
    );
  }
  const background = input.options.detach !== true;
  return {
    print: () => printPlan(context, plan),
    async prepare(vm, shown) {
      await prepareWorkspace(context, vm, plan, { guestPath: GUEST_PATH, force: false, shown });
      // On a pipe, standard error is the command's alone.
      if (context.out.stderr.isTTY) tellLeftBehind(context, plan);
      if (toolFile !== undefined)
        await bootstrapTools(context, vm, { folder: GUEST_PATH, background });
    },
  };
}
