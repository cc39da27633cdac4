import { untilAborted } from './abort.ts';

/**
 * One queue per key. Different keys never wait for each other; a waiter that is aborted leaves its queue
 * without having held the lock, and nobody behind it is disturbed.
 */
export type KeyedLock<Key> = {
  with<Result>(key: Key, signal: AbortSignal, work: () => Promise<Result>): Promise<Result>;
  isHeld(key: Key): boolean;
};

export function createKeyedLock<Key>(): KeyedLock<Key> {
  /** The promise that the newest waiter of a key hands on; absent when nobody holds the key. */
  const tails = new Map<Key, Promise<void>>();

  async function enter(key: Key, signal: AbortSignal): Promise<() => void> {
    signal.throwIfAborted();
    const before = tails.get(key);
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    const tail = before === undefined ? released : before.then(() => released);
    tails.set(key, tail);
    const leave = () => {
      if (tails.get(key) === tail) tails.delete(key);
      release();
    };
    try {
      if (before !== undefined) await untilAborted(before, signal);
    } catch (error) {
      release();
      void tail.then(leave);
      throw error;
    }
    return leave;
  }

  return {
    async with(key, signal, work) {
      const leave = await enter(key, signal);
      try {
        return await work();
      } finally {
        leave();
      }
    },
    isHeld: (key) => tails.has(key),
  };
}
