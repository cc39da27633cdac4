export type Merged<Name extends string, Chunk> = { stream: Name; data: Chunk };

type Source<Name extends string, Chunk> = { stream: Name; chunks: AsyncIterator<Chunk> };
type Arrival<Name extends string, Chunk> = {
  source: Source<Name, Chunk>;
  result: IteratorResult<Chunk, unknown>;
};

/**
 * Pieces of several streams in the order in which they come, and never more than one of each in hand. Not
 * `Promise.race`: a stream that stays silent would keep every race it was in, and with it every piece of the others.
 */
export async function* mergeStreams<Name extends string, Chunk>(
  streams: Readonly<Record<Name, AsyncIterable<Chunk>>>,
): AsyncGenerator<Merged<Name, Chunk>, void> {
  const arrivals: Arrival<Name, Chunk>[] = [];
  let failure: { error: unknown } | undefined;
  let news = Promise.withResolvers<void>();
  const ask = async (source: Source<Name, Chunk>) => {
    try {
      arrivals.push({ source, result: await source.chunks.next() });
    } catch (error) {
      failure ??= { error };
    }
    news.resolve();
  };
  const sources = namesOf(streams).map((stream) => ({
    stream,
    chunks: streams[stream][Symbol.asyncIterator](),
  }));
  for (const source of sources) void ask(source);
  let open = sources.length;
  while (open > 0) {
    if (failure !== undefined) throw failure.error;
    const arrival = arrivals.shift();
    if (arrival === undefined) {
      await news.promise;
      news = Promise.withResolvers();
      continue;
    }
    const { source, result } = arrival;
    if (result.done === true) {
      open -= 1;
      continue;
    }
    void ask(source);
    yield { stream: source.stream, data: result.value };
  }
}

function namesOf<Name extends string>(streams: Readonly<Record<Name, unknown>>): Name[] {
  return Object.keys(streams) as Name[];
}
