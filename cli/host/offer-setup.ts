import { BangerError } from '#kit/errors.ts';
import type { Context } from '../context.ts';
import { ask } from '../output/ask.ts';
import { gatherChecks, missingPackages } from './checks.ts';
import { install, installCommand } from './install.ts';

/** What a host that lacks a tool fails with. */
const SIGNS: readonly string[] = ['HOST_NOT_READY', 'COMMAND_FAILED', 'FEATURE_UNSUPPORTED'];

/**
 * After a machine could not be made: when this host lacks packages, a person at a terminal is asked whether to install
 * them, and others are told how to. Answers whether it is worth another try.
 */
export async function offerSetup(context: Context, error: unknown): Promise<boolean> {
  if (!(error instanceof BangerError) || !SIGNS.includes(error.reason)) return false;
  const packages = missingPackages(await gatherChecks(context));
  if (packages.length === 0) return false;
  const { out, stdin } = context;
  const lacks = `this host lacks: ${packages.join(', ')}`;
  if (!stdin.isTTY || !out.stderr.isTTY || out.quiet || out.structured) {
    out.note(`${lacks}; install it with: banger setup --yes`);
    return false;
  }
  out.note(`banger: ${error.message}\n${lacks}`);
  const command = installCommand(context, packages);
  if (!(await ask(context, `run "${command.join(' ')}" now?`, 'yes'))) return false;
  await install(context, command);
  return true;
}
