import type { Call } from '../call.ts';
import { recordedLog } from './recorded-log.ts';

/** A call as the server would make it for this process, with what the test wants to be different. */
export function callOf(given: Partial<Call> = {}): Call {
  return {
    signal: new AbortController().signal,
    opId: 'op',
    log: recordedLog().log,
    peer: { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0, pid: process.pid },
    ...given,
  };
}
