import type { Call } from '#kit/call.ts';

const CLEAN_UP_MS = 10_000;

/** For undoing and finishing: goes on although the caller has left, and not for ever. */
export function cleanUp(call: Call): Call {
  return { ...call, signal: AbortSignal.timeout(CLEAN_UP_MS) };
}
