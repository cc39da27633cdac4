import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import { run } from '#kit/exec.ts';
import { NOT_OURS } from './compile-kernel.ts';

const TIMEOUT_MS = 120_000;

/**
 * Writes the kernel's .config: what the fragment names, what that needs, and nothing else. Fails when a line of the
 * fragment does not survive, because an option was renamed or lacks what it depends on.
 */
export async function configureKernel(call: Call, source: string, fragment: string): Promise<void> {
  const limits = { signal: call.signal, timeoutMs: TIMEOUT_MS, tied: true, env: NOT_OURS };
  const args = ['-C', source, '-s', 'ARCH=x86_64', `KCONFIG_ALLCONFIG=${fragment}`, 'allnoconfig'];
  await run('make', args, limits);
  const made = await readFile(join(source, '.config'), 'utf8');
  const lost = findLost(await readFile(fragment, 'utf8'), made);
  if (lost.length === 0) return;
  throw new BangerError(
    'FEATURE_UNSUPPORTED',
    `this kernel source does not take ${lost.join(', ')}; name in "${fragment}" what they need, or remove them`,
    { metadata: { options: lost.join(',') } },
  );
}

/** Lines of the fragment that the configuration does not bear out. */
export function findLost(fragment: string, config: string): string[] {
  const set = new Set(optionsIn(config));
  const names = new Set([...set].map(nameOf));
  return optionsIn(fragment).filter((line) =>
    line.endsWith('=n') ? names.has(nameOf(line)) : !set.has(line),
  );
}

function optionsIn(text: string): string[] {
  return text.split('\n').filter((line) => line.startsWith('CONFIG_'));
}

function nameOf(line: string): string {
  return line.slice(0, line.indexOf('='));
}
