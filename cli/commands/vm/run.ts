import { BangerError, hasReason } from '#kit/errors.ts';
import type { Vm } from '#proto/banger/v1/vm.ts';
import { VmServiceDefinition } from '#proto/banger/v1/vm.ts';
import type { Command, Input } from '../../command.ts';
import type { Context } from '../../context.ts';
import { optionText } from '../../input.ts';
import { EXIT, UsageError } from '../../output/error.ts';
import { CREATE_OPTIONS, create, readCreate, type Wanted } from '../../vm/create.ts';
import { COMMAND_OPTIONS, readEnvironment } from '../../vm/environment.ts';
import { type GuestCommand, runInGuest } from '../../vm/exec-session.ts';
import { vmToJson } from '../../vm/json.ts';
import { LOGIN_SHELL } from '../../vm/login-shell.ts';
import { formatRequest } from '../../vm/request.ts';
import { RUN_WORKSPACE_OPTIONS, readRunWorkspace } from '../../workspace/run-workspace.ts';

const COMMAND = 'banger vm run';
/** Time for the clean-up after a session, whatever became of the session. */
const DELETE_MS = 30_000;

export const run: Command = {
  description:
    'Boots a fresh virtual machine and runs a command in it: its output is the output, its exit status is the exit status; input and signals go through. Without a command, a shell. The machine stays until it is deleted; with --rm it goes when the command ends, however it ends.',
  arguments: [
    {
      spelling: '[path]',
      description: 'a git repository; it comes along in /root/repo, where the command runs',
      completes: 'path',
    },
  ],
  options: [
    ...CREATE_OPTIONS,
    ...COMMAND_OPTIONS,
    ...RUN_WORKSPACE_OPTIONS,
    { spelling: '--rm', description: 'delete the machine when the command ends' },
    { spelling: '-d, --detach', description: 'boot it, print its name, and leave' },
    { spelling: '--dry-run', description: 'say what would be made, and make nothing' },
  ],
  rest: 'the command and its arguments, passed as they are; nothing runs what the image is made for',
  examples: [
    { line: 'banger vm run --rm -- uname -a', shows: 'one command in a machine of its own' },
    { line: 'banger vm run ./repo -- make test', shows: 'with your repository, as it is now' },
    { line: 'banger vm run --name lab', shows: 'a shell; the machine stays' },
    {
      line: 'banger vm run --rm --nat -- curl -sI https://example.org',
      shows: 'with a way to the outside',
    },
    { line: 'banger vm run -d --image docker://nginx -p 8080:80', shows: 'in the background' },
  ],
  next: 'banger vm exec NAME -- COMMAND works in it again, banger vm delete NAME removes it',
  async run(context, input) {
    refuseCombinations(input);
    const command = readCommand(context, input);
    const wanted = await readCreate(context, input, COMMAND);
    const nat = wanted.request.settings?.nat === true;
    const workspace = await readRunWorkspace(context, input, { command: COMMAND, nat });
    if (input.options.dryRun === true) {
      if (workspace !== undefined) workspace.print();
      else context.out.result(wanted.request, () => formatRequest(wanted.request));
      return EXIT.ok;
    }
    const removes = input.options.rm === true;
    // From here on a second Ctrl-C or a closed pipe may not end banger before the machine is cleared away.
    using _held = context.hold();
    const vm = await createPrepared(context, wanted, { keepFailed: !removes, hold: removes });
    try {
      context.signal.throwIfAborted();
      await workspace?.prepare(vm, wanted.shown);
      if (input.options.detach === true) return tellName(context, vm);
      return (await runInGuest(context, { vm: vm.id, ...command })).code;
    } finally {
      if (removes) await remove(context, vm);
      else if (input.options.detach !== true) remind(context, vm);
    }
  },
};

/** The first machine on a host finds out what the host lacks. */
async function createPrepared(
  context: Context,
  wanted: Wanted,
  more: { keepFailed: boolean; hold: boolean },
): Promise<Vm> {
  try {
    return await create(context, wanted, more);
  } catch (error) {
    const { offerSetup } = await import('../../host/offer-setup.ts');
    if (!(await offerSetup(context, error))) throw error;
    // What was kept of the first try has the name.
    const kept = error instanceof BangerError ? error.metadata.vm : undefined;
    if (kept !== undefined) await remove(context, { id: kept, name: kept });
    return create(context, wanted, more);
  }
}

function refuseCombinations({ options, rest }: Input): void {
  if (options.detach !== true) return;
  if (options.rm === true) {
    throw new UsageError(
      '--detach leaves the machine running and --rm deletes it; choose one',
      COMMAND,
    );
  }
  if (rest !== undefined) {
    throw new UsageError(
      '--detach runs no command; leave it, or start one with: banger vm exec',
      COMMAND,
    );
  }
}

function readCommand(context: Context, input: Input): Omit<GuestCommand, 'vm'> {
  return {
    arguments: [...(input.rest ?? LOGIN_SHELL)],
    environment: readEnvironment(context, input, COMMAND),
    workingDir: optionText(input, 'workdir') ?? '',
    user: optionText(input, 'user') ?? '',
  };
}

function tellName({ out }: Context, vm: Vm): number {
  out.result(vmToJson(vm), () => vm.name);
  return EXIT.ok;
}

/** For people: whoever reads the output of a command knows what was started. */
function remind({ out }: Context, { name }: Vm): void {
  if (!out.stderr.isTTY) return;
  out.note(`vm "${name}" is still running; stop it with: banger vm stop ${name}`);
}

/** Under a deadline of its own: the Ctrl-C that ended the command must not end the clean-up. */
async function remove({ clients, out }: Context, vm: Pick<Vm, 'id' | 'name'>): Promise<void> {
  try {
    const parts = clients
      .of('vmd', VmServiceDefinition)
      .deleteVm({ vm: vm.id, detach: true }, { timeoutMs: DELETE_MS });
    for await (const _ of parts);
  } catch (error) {
    // Somebody else, or a vmd that was started anew, has done it already.
    if (hasReason(error, 'VM_NOT_FOUND')) return;
    const why = error instanceof Error ? error.message : String(error);
    out.stderr.write(
      `banger: vm "${vm.name}" could not be deleted: ${why}; try: banger vm delete ${vm.name}\n`,
    );
  }
}
