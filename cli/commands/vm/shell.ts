import type { Command } from '../../command.ts';
import { argumentText, optionText } from '../../input.ts';
import { COMMAND_OPTIONS, readEnvironment } from '../../vm/environment.ts';
import { runInGuest } from '../../vm/exec-session.ts';
import { LOGIN_SHELL } from '../../vm/login-shell.ts';

export const shell: Command = {
  description: 'Opens a shell in a running virtual machine.',
  arguments: [
    { spelling: '<vm>', description: 'name, id, or the beginning of an id', completes: 'vm' },
  ],
  options: COMMAND_OPTIONS,
  examples: [
    { line: 'banger vm shell web', shows: 'until you exit; the machine runs on' },
    { line: 'banger vm shell web -u www-data', shows: 'as somebody else' },
  ],
  async run(context, input) {
    const { code } = await runInGuest(context, {
      vm: argumentText(input, 0) ?? '',
      arguments: [...LOGIN_SHELL],
      environment: readEnvironment(context, input, 'banger vm shell'),
      workingDir: optionText(input, 'workdir') ?? '',
      user: optionText(input, 'user') ?? '',
    });
    return code;
  },
};
