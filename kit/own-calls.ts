import { randomUUID } from 'node:crypto';
import type { Call } from './call.ts';
import type { Log } from './log.ts';

/** Calls that a service makes on its own account: nobody waits for them, and nothing aborts them. */
export function ownCalls(log: Log): (opId?: string) => Call {
  const peer = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, pid: process.pid };
  const never = new AbortController().signal;
  return (opId = randomUUID()) => ({ signal: never, opId, log: log.with({ opId }), peer });
}
