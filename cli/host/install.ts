import { existsSync, readFileSync } from 'node:fs';
import { BangerError, hasReason } from '#kit/errors.ts';
import { runStreaming } from '#kit/exec.ts';
import type { Context } from '../context.ts';

const HOUR_MS = 3_600_000;

/** The command that installs packages here, with sudo for whoever is not root. */
export function installCommand({ uid }: Context, packages: readonly string[]): string[] {
  refuseOtherSystems(packages);
  const command = ['apt-get', 'install', '--yes', '--no-install-recommends', ...packages];
  return uid === 0 ? command : ['sudo', ...command];
}

/** Package lists that were never fetched, or are old, are fetched when the first try fails. */
export async function install(context: Context, command: readonly string[]): Promise<void> {
  try {
    await show(context, command);
  } catch (error) {
    if (!hasReason(error, 'COMMAND_FAILED')) throw error;
    await show(context, context.uid === 0 ? ['apt-get', 'update'] : ['sudo', 'apt-get', 'update']);
    await show(context, command);
  }
}

/** Runs a command with all that it says on standard error: results alone go to standard output. */
async function show({ out, signal }: Context, command: readonly string[]): Promise<void> {
  const [file = '', ...args] = command;
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  for await (const said of runStreaming(file, args, { signal, timeoutMs: HOUR_MS, env })) {
    out.stderr.write(said);
  }
}

function refuseOtherSystems(packages: readonly string[]): void {
  const file = '/etc/os-release';
  const release = existsSync(file) ? readFileSync(file, 'utf8') : '';
  if (/^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(release)) return;
  const names = packages.join(', ');
  throw new BangerError(
    'FEATURE_UNSUPPORTED',
    `setup knows Debian and Ubuntu only; install what these Debian packages hold: ${names}`,
    { metadata: { packages: packages.join(' ') } },
  );
}
