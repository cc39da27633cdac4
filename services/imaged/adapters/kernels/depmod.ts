import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import { run } from '#kit/exec.ts';

const TIMEOUT_MS = 120_000;

/** A user's own PATH often lacks the folders of system tools. */
const TOOL_PATH = '/usr/sbin:/usr/bin:/sbin:/bin';

/** Writes the tables of "ROOT/lib/modules/RELEASE": what needs what, and what is built in. */
export async function runDepmod(call: Call, root: string, release: string): Promise<void> {
  try {
    const limits = {
      signal: call.signal,
      timeoutMs: TIMEOUT_MS,
      env: { PATH: TOOL_PATH },
      tied: true,
    };
    await run('depmod', ['-b', root, release], limits);
  } catch (cause) {
    call.signal.throwIfAborted();
    throw new BangerError(
      'HOST_NOT_READY',
      'depmod could not read the modules; install it with: sudo apt-get install kmod',
      { cause },
    );
  }
}
