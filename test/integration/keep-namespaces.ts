import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Namespaces that last until they are closed, or until whoever opened them ends. */
export type Namespaces = {
  /** The words before a command that runs in them. */
  enter: readonly string[];
  close(): Promise<void>;
};

export type Kind = '--mount' | '--net';

/** Opens namespaces and prepares them with a script, as root. */
export async function keepNamespaces(
  kinds: readonly Kind[],
  script: string,
  ...args: readonly string[]
): Promise<Namespaces> {
  const lasting = `${script}\necho ready\nexec cat`;
  const words = [...kinds, '--propagation', 'private', 'sh', '-euc', lasting, 'sh', ...args];
  const keeper = spawn('unshare', words, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(keeper, 'exit');
  const first = await Promise.race([once(keeper.stdout, 'data'), ended.then(() => undefined)]);
  if (first === undefined) throw new Error(`the namespaces cannot be prepared: ${script}`);
  return {
    enter: ['nsenter', `--target=${keeper.pid}`, ...kinds],
    async close() {
      keeper.stdin.end();
      await ended;
    },
  };
}
