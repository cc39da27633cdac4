import { hasReason } from '#kit/errors.ts';
import { run } from '#kit/exec.ts';
import type { Context } from '../context.ts';

const TIMEOUT_MS = 1000;

/**
 * Hands this terminal over to a program in a guest until disposed of: every key goes there, Ctrl-C too, and what comes
 * back is shown as it is. Node.js leaves the terminal to put a carriage return before each line feed, by which programs
 * that draw mean "straight down".
 */
export async function handOverTerminal({ stdin, signal }: Context): Promise<Disposable> {
  // It ends with the terminal as it was found, whatever was changed meanwhile.
  const restore = () => void stdin.setRawMode(false);
  stdin.setRawMode(true);
  // Not /dev/tty: a session may have been given another terminal as its input.
  const terminal = `/proc/${process.pid}/fd/0`;
  try {
    await run('stty', ['-F', terminal, '-opost'], { signal, timeoutMs: TIMEOUT_MS });
  } catch (error) {
    // A host without stty shows all but what draws downwards.
    if (!hasReason(error, 'COMMAND_FAILED')) {
      restore();
      throw error;
    }
  }
  return { [Symbol.dispose]: restore };
}
