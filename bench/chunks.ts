/** What both ends of a stream that is measured agree on: the chunks of bulk data everywhere in banger. */
export const CHUNK_BYTES = 64 * 2 ** 10;
export const CHUNKS = 1024;
