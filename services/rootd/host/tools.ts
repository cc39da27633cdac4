import type { Call } from '#kit/call.ts';
import { run } from '#kit/exec.ts';

/** Fixed, so that no folder of whoever started rootd is searched for a tool that runs as root. */
export const TOOL_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

/** A device takes tens of milliseconds to remove, and a request may name 256 of them. */
const TOOL_TIMEOUT_MS = 30_000;

/** Runs a tool of the host for one call; see kit/exec.ts for what a failure says. */
export function runTool(
  { signal }: Pick<Call, 'signal'>,
  file: string,
  args: readonly string[],
  input?: string,
): Promise<string> {
  const options = { signal, timeoutMs: TOOL_TIMEOUT_MS, env: { PATH: TOOL_PATH } };
  return run(file, args, input === undefined ? options : { ...options, input });
}

/** Many changes of links and addresses in one process. It stops at the first that fails. */
export async function runIpBatch(call: Call, lines: readonly string[]): Promise<void> {
  if (lines.length > 0) await runTool(call, 'ip', ['-batch', '-'], `${lines.join('\n')}\n`);
}

/**
 * Takes back what a batch did that failed half way. Each line is tried, and the call's own signal is not used:
 * it may be what stopped the batch. A failure here must not hide the first one, so it is logged.
 */
export async function undoIpBatch({ log }: Call, lines: readonly string[]): Promise<void> {
  const signal = AbortSignal.timeout(TOOL_TIMEOUT_MS);
  const input = `${lines.join('\n')}\n`;
  try {
    await runTool({ signal }, 'ip', ['-force', '-batch', '-'], input);
  } catch (error) {
    log.warn('undo incomplete', { lines, error });
  }
}
