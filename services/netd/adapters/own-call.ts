import { randomUUID } from 'node:crypto';
import type { Log } from '#kit/log.ts';
import type { Peer } from '#kit/peer.ts';
import type { OwnCall } from '../domain/ports.ts';

const OWN_CALL_MS = 30_000;

/** Work that nobody asked for has an id too, so that rootd's log can be joined with ours. */
export function ownCalls(log: Log, self: Peer): OwnCall {
  return (what) => {
    const opId = randomUUID();
    return {
      opId,
      peer: self,
      signal: AbortSignal.timeout(OWN_CALL_MS),
      log: log.with({ opId, work: what }),
    };
  };
}
