import type { Log } from './log.ts';

/**
 * Wraps one undo step for an AsyncDisposableStack. A step that throws would turn the failure that caused the
 * undoing into a SuppressedError and hide it, so a failing step is logged and the next one runs.
 */
export function undo(log: Log, step: string, run: () => unknown): () => Promise<void> {
  return async () => {
    try {
      await run();
    } catch (error) {
      log.error('undo failed', { step, error });
    }
  };
}
