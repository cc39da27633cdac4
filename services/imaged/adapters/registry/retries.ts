import { setTimeout as sleep } from 'node:timers/promises';
import type { BangerError } from '#kit/errors.ts';

export type RetryPolicy = {
  /** Tries in a row without progress, the first included. */
  readonly attempts: number;
  readonly baseDelayMs: number;
  readonly maxDelayMs: number;
  /** The longest Retry-After that is waited for; a registry that asks for more is an error at once. */
  readonly retryAfterLimitMs: number;
};

export const RETRY_POLICY: RetryPolicy = {
  attempts: 5,
  baseDelayMs: 500,
  maxDelayMs: 10_000,
  retryAfterLimitMs: 60_000,
};

/** A failure that may pass by itself. It stays inside this folder: callers get the error in it. */
export class TransientFailure extends Error {
  override readonly name = 'TransientFailure';
  readonly error: BangerError;
  readonly retryAfterMs: number | undefined;

  constructor(error: BangerError, retryAfterMs?: number) {
    super(error.message, { cause: error });
    this.error = error;
    this.retryAfterMs = retryAfterMs;
  }
}

export type Retries = {
  readonly policy: RetryPolicy;
  readonly signal: AbortSignal;
  /** True when the last try brought enough to make the next one a first try again. */
  readonly madeProgress?: () => boolean;
};

/** Repeats the work while it fails transiently, waiting longer each time or as long as it was asked to. */
export async function withRetries<T>(work: () => Promise<T>, retries: Retries): Promise<T> {
  const { policy, signal, madeProgress } = retries;
  for (let attempt = 1; ; attempt++) {
    try {
      signal.throwIfAborted();
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof TransientFailure)) throw error;
      if (madeProgress?.()) attempt = 1;
      await pause(error, attempt, policy, signal);
    }
  }
}

async function pause(
  failure: TransientFailure,
  attempt: number,
  policy: RetryPolicy,
  signal: AbortSignal,
): Promise<void> {
  const asked = failure.retryAfterMs ?? 0;
  if (attempt >= policy.attempts || asked > policy.retryAfterLimitMs) throw failure.error;
  const backoff = Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** (attempt - 1));
  // Half of the delay is random, so that clients cut off together do not come back together.
  const delayMs = Math.max(asked, backoff * (0.5 + Math.random() / 2));
  try {
    await sleep(delayMs, undefined, { signal });
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  }
}
