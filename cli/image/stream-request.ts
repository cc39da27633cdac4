import { chunksOf } from './source.ts';

/** A streamed request: what is wanted, and then the bytes that go with it. */
export async function* streamRequest<Start>(
  start: Start,
  bytes: AsyncIterable<Buffer> | undefined,
): AsyncGenerator<
  { part: { $case: 'start'; value: Start } | { $case: 'chunk'; value: Buffer } },
  void
> {
  yield { part: { $case: 'start', value: start } };
  if (bytes === undefined) return;
  for await (const value of chunksOf(bytes)) yield { part: { $case: 'chunk', value } };
}
