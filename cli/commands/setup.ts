import type { Command } from '../command.ts';
import { gatherChecks, missingPackages } from '../host/checks.ts';
import { install, installCommand } from '../host/install.ts';
import { ask } from '../output/ask.ts';
import { EXIT, UsageError } from '../output/error.ts';

export const setup: Command = {
  description:
    'Installs what "banger doctor" says this host lacks, on Debian and Ubuntu: shows the command, asks, and runs it (with sudo unless you are root). Nothing else is changed; run it as often as you like.',
  options: [
    { spelling: '-y, --yes', description: 'do not ask' },
    { spelling: '--dry-run', description: 'show the command, and run nothing' },
  ],
  examples: [
    { line: 'banger setup', shows: 'asks first' },
    { line: './banger setup --yes && ./banger vm run', shows: 'from a fresh checkout to a shell' },
  ],
  next: 'banger doctor says what is left, banger vm run starts a machine',
  async run(context, { options }) {
    const { out, stdin } = context;
    const packages = missingPackages(await gatherChecks(context));
    const command = packages.length === 0 ? [] : installCommand(context, packages);
    const result = (installed: boolean) =>
      out.result(toJson(packages, command, installed), () => formatResult(packages, installed));
    if (packages.length === 0 || options.dryRun === true) {
      if (packages.length > 0) out.note(command.join(' '));
      result(false);
      return EXIT.ok;
    }
    out.note(command.join(' '));
    if (options.yes !== true) {
      if (!stdin.isTTY) {
        throw new UsageError('there is no terminal to ask on; say --yes', 'banger setup');
      }
      if (!(await ask(context, 'run this now?', 'yes'))) return EXIT.failed;
    }
    await install(context, command);
    const left = missingPackages(await gatherChecks(context));
    result(true);
    if (left.length > 0) out.note(`still missing: ${left.join(', ')}; see: banger doctor`);
    return left.length === 0 ? EXIT.ok : EXIT.failed;
  },
};

export function toJson(packages: readonly string[], command: string[], installed: boolean) {
  return { packages, command, installed };
}

function formatResult(packages: readonly string[], installed: boolean): string {
  if (packages.length === 0) return 'nothing is missing';
  return `${installed ? 'installed' : 'missing'}: ${packages.join(', ')}`;
}
