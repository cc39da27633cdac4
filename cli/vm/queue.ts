/** What is pushed on one side and iterated on the other. The pusher is told when it is far ahead. */
export type Queue<Item> = AsyncIterable<Item> & {
  /** A promise when the reader is behind: wait for it before the next push. */
  push(item: Item): Promise<void> | undefined;
  end(): void;
};

const FAR_AHEAD = 16;

export function createQueue<Item>(): Queue<Item> {
  const items: Item[] = [];
  let ended = false;
  let arrival = Promise.withResolvers<void>();
  let room = Promise.withResolvers<void>();
  return {
    push(item) {
      if (ended) return undefined;
      items.push(item);
      arrival.resolve();
      return items.length < FAR_AHEAD ? undefined : room.promise;
    },
    end() {
      ended = true;
      arrival.resolve();
      room.resolve();
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        const next = items.shift();
        if (next !== undefined) {
          room.resolve();
          room = Promise.withResolvers();
          yield next;
        } else if (ended) {
          return;
        } else {
          arrival = Promise.withResolvers();
          await arrival.promise;
        }
      }
    },
  };
}
