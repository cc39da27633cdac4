import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Sample, Scope } from './row.ts';

/** What a program in namespaces of its own is asked for: one measurement, by its name. */
export type Ask = (what: string) => Promise<Sample>;

const UNSHARE = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];

/**
 * Starts a Node program that may make bridges and rules: they are its own namespaces' and end with it, and this
 * machine's network is never touched. It reads names of measurements and writes samples, a line each; the first
 * line says that it is ready.
 */
export async function startInNamespaces(scope: Scope, args: readonly string[]): Promise<Ask> {
  if (process.getuid?.() !== 0) throw new Error('needs root, to make namespaces');
  const enter = ['--pdeathsig', 'KILL', 'unshare', ...UNSHARE];
  const child = spawn('setpriv', [...enter, process.execPath, ...args], {
    cwd: scope.folder,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  scope.cleanup.defer(async () => {
    child.stdin.end();
    await ended;
  });
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const answer = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error(`${args.join(' ')} ended early`);
    return value;
  };
  await answer();
  return async (what) => {
    child.stdin.write(`${what}\n`);
    return JSON.parse(await answer()) as Sample;
  };
}
