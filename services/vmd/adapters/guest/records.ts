import type { Readable } from 'node:stream';
import { FieldReader } from './fields.ts';
import { brokenProtocol, NO_PAYLOAD } from './frame.ts';

/** No record the guest program makes is longer: a name and a link's target. */
const RECORD_MAX = 16_384;

/** Takes a stream of records apart, each with its length before it as a u32. */
export async function* readRecords(source: Readable): AsyncGenerator<FieldReader> {
  let rest: Buffer = NO_PAYLOAD;
  for await (const chunk of source as AsyncIterable<Buffer>) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    while (rest.length >= 4) {
      const end = 4 + rest.readUInt32LE();
      if (end > RECORD_MAX) throw brokenProtocol();
      if (rest.length < end) break;
      yield new FieldReader(rest.subarray(4, end));
      rest = rest.subarray(end);
    }
  }
  if (rest.length > 0) throw brokenProtocol();
}
