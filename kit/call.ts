import type { Log } from './log.ts';
import type { Peer } from './peer.ts';

/** Who asked, under which id, and until when: passed explicitly through every layer. */
export type Call = {
  /** Aborts when the caller left, its deadline passed or the service must stop. Never handed to a VM's process. */
  readonly signal: AbortSignal;
  /** The same in every service that works on one request, so that logs can be joined. */
  readonly opId: string;
  readonly log: Log;
  readonly peer: Peer;
};
