import type { Command } from '../../command.ts';
import { argumentText, optionText } from '../../input.ts';
import { UsageError } from '../../output/error.ts';
import { COMMAND_OPTIONS, readEnvironment } from '../../vm/environment.ts';
import { runInGuest } from '../../vm/exec-session.ts';
import { freshenWorkspace } from '../../workspace/freshen.ts';

export const exec: Command = {
  description:
    'Runs a command in a running virtual machine. Its output is the output, its exit status is the exit status; input, signals and window size go through. No shell is involved: write one where you want one.',
  arguments: [
    { spelling: '<vm>', description: 'name, id, or the beginning of an id', completes: 'vm' },
  ],
  options: [
    ...COMMAND_OPTIONS,
    {
      spelling: '--auto-prepare',
      description: 'first bring the workspace up to date, when the repository here has moved on',
    },
  ],
  rest: 'the command and its arguments',
  examples: [
    { line: 'banger vm exec web -- make test', shows: 'one command' },
    { line: "banger vm exec web -- sh -c 'ps | wc -l'", shows: 'with a shell' },
    { line: 'tar c src | banger vm exec web -- tar x', shows: 'pipes work both ways' },
  ],
  async run(context, input) {
    const words = input.rest ?? [];
    if (words.length === 0) {
      throw new UsageError(
        'write the command after "--"; for a shell use: banger vm shell',
        'banger vm exec',
      );
    }
    const vm = argumentText(input, 0) ?? '';
    await freshenWorkspace(context, vm, input.options.autoPrepare === true);
    const { code } = await runInGuest(context, {
      vm,
      arguments: [...words],
      environment: readEnvironment(context, input, 'banger vm exec'),
      workingDir: optionText(input, 'workdir') ?? '',
      user: optionText(input, 'user') ?? '',
    });
    return code;
  },
};
