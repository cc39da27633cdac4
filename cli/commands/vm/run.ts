import type { Vm } from '#proto/banger/v1/vm.ts';
import { VmServiceDefinition } from '#proto/banger/v1/vm.ts';
import type { Command, Input } from '../../command.ts';
import type { Context } from '../../context.ts';
import { optionText, optionTexts } from '../../input.ts';
import { EXIT, UsageError } from '../../output/error.ts';
import { CREATE_OPTIONS, create } from '../../vm/create.ts';
import { runInGuest } from '../../vm/exec-session.ts';

const COMMAND = 'banger vm run';
/** Time for the clean-up after a session, whatever became of the session. */
const DELETE_MS = 30_000;

export const run: Command = {
  description:
    'Boots a fresh virtual machine and runs a command in it: its output is the output, its exit status is the exit status. Without a command, a shell. The machine stays until it is deleted; with --rm it goes when the command ends.',
  options: [
    ...CREATE_OPTIONS,
    {
      spelling: '-e, --env <NAME=value>',
      description: 'set in the command; may be repeated',
      repeats: true,
    },
    { spelling: '-w, --workdir <folder>', description: 'folder of the guest to run in' },
    { spelling: '-u, --user <user>', description: 'user of the guest to run as' },
    { spelling: '--rm', description: 'delete the machine when the command ends' },
    { spelling: '-d, --detach', description: 'boot it, print its name, and leave' },
  ],
  rest: 'the command and its arguments, passed as they are; a shell when there is none',
  examples: [
    { line: 'banger vm run --rm -- uname -a', shows: 'one command in a machine of its own' },
    { line: 'banger vm run --name lab', shows: 'a shell; the machine stays' },
    {
      line: 'banger vm run --rm --nat -- curl -sI https://example.org',
      shows: 'with a way to the outside',
    },
  ],
  next: 'banger vm exec NAME -- COMMAND works in it again, banger vm delete NAME removes it',
  async run(context, input) {
    const detach = input.options.detach === true;
    refuseCombinations(input, detach);
    const vm = await create(context, input, COMMAND, { keepFailed: input.options.rm !== true });
    if (detach) {
      context.out.stdout.write(`${vm.name}\n`);
      return EXIT.ok;
    }
    try {
      return await runCommand(context, input, vm);
    } finally {
      if (input.options.rm === true) await remove(context, vm);
      else
        context.out.note(
          `vm "${vm.name}" is still running; stop it with: banger vm stop ${vm.name}`,
        );
    }
  },
};

function refuseCombinations({ options, rest }: Input, detach: boolean): void {
  if (!detach) return;
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

async function runCommand(context: Context, input: Input, vm: Vm): Promise<number> {
  const { code } = await runInGuest(context, {
    vm: vm.id,
    arguments: [...(input.rest ?? [])],
    environment: [...optionTexts(input, 'env')],
    workingDir: optionText(input, 'workdir') ?? '',
    user: optionText(input, 'user') ?? '',
  });
  return code;
}

/** Under a deadline of its own: the Ctrl-C that ended the command must not end the clean-up. */
async function remove({ clients, out }: Context, vm: Vm): Promise<void> {
  try {
    const parts = clients
      .of('vmd', VmServiceDefinition)
      .deleteVm({ vm: vm.id }, { timeoutMs: DELETE_MS });
    for await (const _ of parts);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    out.stderr.write(`banger: vm "${vm.name}" could not be deleted: ${why}\n`);
  }
}
