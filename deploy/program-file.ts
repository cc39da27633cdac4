/**
 * A program and the code that V8 has compiled of it, in one file so that nobody ever reads one of them older than
 * the other: V8 tells code from foreign code by the length of the source alone.
 */
export type Program = { source: string; code: Buffer };

/** V8 copies code that does not begin on a multiple of this. */
const ALIGNMENT_BYTES = 8;

export function formatProgram({ source, code }: Program): Buffer {
  const text = Buffer.from(source, 'latin1');
  const header = Buffer.alloc(ALIGNMENT_BYTES);
  header.writeUInt32LE(text.length);
  return Buffer.concat([header, text, Buffer.alloc(paddingOf(text.length)), code]);
}

export function readProgram(file: Buffer): Program {
  const length = file.readUInt32LE();
  const end = ALIGNMENT_BYTES + length;
  return {
    source: file.toString('latin1', ALIGNMENT_BYTES, end),
    code: file.subarray(end + paddingOf(length)),
  };
}

function paddingOf(length: number): number {
  return -length & (ALIGNMENT_BYTES - 1);
}
