import { resolve } from 'node:path';
import { VmServiceDefinition } from '#proto/banger/v1/vm.ts';
import type { Command } from '../../../command.ts';
import { argumentText, optionText } from '../../../input.ts';
import { readShownStages, STAGE_OPTIONS } from '../../../shown-stages.ts';
import { workspaceToJson } from '../../../workspace/json.ts';
import { tellLeftBehind } from '../../../workspace/left-behind.ts';
import { printPlan, readPlan, WORKSPACE_OPTIONS } from '../../../workspace/options.ts';
import { GUEST_PATH, prepareWorkspace } from '../../../workspace/prepare.ts';

const COMMAND = 'banger vm workspace prepare';

export const prepare: Command = {
  description:
    'Puts a git repository into a running virtual machine: tracked files as they are in the working tree, changes included, and a .git with the last commit, the branch, the index and your name. Ignored files and secrets in settings stay here. Your files and your index are only read. A second time it brings the guest up to date, and refuses to overwrite work done there.',
  arguments: [
    { spelling: '<vm>', description: 'name, id, or the beginning of an id', completes: 'vm' },
    {
      spelling: '[path]',
      description: 'the repository; the current folder when not given',
      completes: 'path',
    },
  ],
  options: [
    ...WORKSPACE_OPTIONS,
    {
      spelling: '--guest-path <folder>',
      description: `where in the guest; ${GUEST_PATH} when not given`,
    },
    { spelling: '--force', description: 'overwrite what was changed in the guest' },
    ...STAGE_OPTIONS,
  ],
  examples: [
    { line: 'banger vm workspace prepare web', shows: 'the repository around the current folder' },
    {
      line: 'banger vm workspace prepare web ./repo --branch try --from v1.2',
      shows: 'a branch for the guest alone',
    },
    { line: 'banger vm workspace prepare web --dry-run', shows: 'what would be sent' },
  ],
  next: 'banger vm exec NAME -- COMMAND works in it, banger vm workspace export NAME brings changes back',
  async run(context, input) {
    const path = resolve(context.cwd, argumentText(input, 1) ?? '.');
    const plan = await readPlan(context, input, path, COMMAND);
    if (input.options.dryRun === true) {
      printPlan(context, plan);
      return 0;
    }
    const vms = context.clients.of('vmd', VmServiceDefinition);
    const reference = argumentText(input, 0) ?? '';
    const { vm } = await vms.getVm({ vm: reference }, { signal: context.signal });
    if (vm === undefined) return 1;
    const workspace = await prepareWorkspace(context, vm, plan, {
      guestPath: optionText(input, 'guestPath') ?? GUEST_PATH,
      force: input.options.force === true,
      shown: readShownStages(input, COMMAND),
    });
    tellLeftBehind(context, plan);
    context.out.result(workspaceToJson(workspace), () => workspace.guestPath);
    return 0;
  },
};
