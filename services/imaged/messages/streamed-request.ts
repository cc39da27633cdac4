import { invalid } from './requests.ts';

type Part<Start> = { $case: 'start'; value: Start } | { $case: 'chunk'; value: Buffer };

export type Streamed<Start> = {
  readonly start: Start;
  /** To be read once; nothing comes over the wire before it is. */
  readonly chunks: AsyncIterable<Uint8Array>;
};

/** Reads the first message of a streamed request; the others are its bytes. */
export async function readStart<Start>(
  requests: AsyncIterable<{ part?: Part<Start> | undefined }>,
): Promise<Streamed<Start>> {
  const messages = requests[Symbol.asyncIterator]();
  const { done, value } = await messages.next();
  const part: Part<Start> | undefined = done === true ? undefined : value.part;
  if (part?.$case !== 'start') throw invalid('start', 'the first message must say what is wanted');
  return { start: part.value, chunks: chunksOf(messages) };
}

async function* chunksOf<Start>(
  messages: AsyncIterator<{ part?: Part<Start> | undefined }>,
): AsyncGenerator<Uint8Array> {
  for (;;) {
    const { done, value } = await messages.next();
    if (done === true) return;
    if (value.part?.$case !== 'chunk')
      throw invalid('chunk', 'only bytes follow the first message');
    yield value.part.value;
  }
}
