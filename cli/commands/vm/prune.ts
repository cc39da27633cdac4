import { type Vm, VmServiceDefinition } from '#proto/banger/v1/vm.ts';
import type { Command } from '../../command.ts';
import type { Context } from '../../context.ts';
import { ask } from '../../output/ask.ts';
import { EXIT, UsageError } from '../../output/error.ts';
import { vmToJson } from '../../vm/json.ts';

export const prune: Command = {
  description: 'Deletes every virtual machine that is not running, with its disks.',
  options: [
    { spelling: '-f, --force', description: 'do not ask' },
    { spelling: '--dry-run', description: 'say what would go, and leave it' },
  ],
  examples: [
    { line: 'banger vm prune', shows: 'asks first' },
    { line: 'banger vm prune -f', shows: 'for scripts' },
  ],
  async run(context, { options }) {
    const { clients, out, signal } = context;
    const vms = clients.of('vmd', VmServiceDefinition);
    const doomed: Vm[] = [];
    for await (const { vm } of vms.pruneVms({ dryRun: true }, { signal })) if (vm) doomed.push(vm);
    if (doomed.length === 0) out.note('nothing to delete: every machine is running');
    if (doomed.length === 0 || options.dryRun === true) {
      tell(context, doomed);
      return EXIT.ok;
    }
    if (options.force !== true && !(await confirm(context, doomed))) return EXIT.failed;
    const gone: Vm[] = [];
    let code: number = EXIT.ok;
    for await (const { vm, failure } of vms.pruneVms({ dryRun: false }, { signal })) {
      if (vm !== undefined && failure === undefined) gone.push(vm);
      else if (failure !== undefined) {
        out.stderr.write(`banger: ${failure.message}\n`);
        code = EXIT.failed;
      }
    }
    tell(context, gone);
    return code;
  },
};

function tell({ out }: Context, vms: readonly Vm[]): void {
  out.lines(vms, vmToJson, ({ name }) => name);
}

async function confirm(context: Context, doomed: readonly Vm[]): Promise<boolean> {
  if (!context.stdin.isTTY) {
    throw new UsageError('there is no terminal to ask on; say --force', 'banger vm prune');
  }
  const names = doomed.map(({ name }) => name).join(', ');
  return ask(context, `delete ${names} with all that is in them?`, 'no');
}
