import { createByteReader, damaged } from './byte-reader.ts';

/** An entry of an archive from a guest. Its content is read, or it is skipped, before the next entry. */
export type ReadEntry = {
  path: Buffer;
  type: 'file' | 'folder' | 'link' | 'other';
  sizeBytes: number;
  target: Buffer;
  content(): AsyncGenerator<Buffer, void>;
};

const BLOCK = 512;
/** A name and a target of 4 KiB each, and room for the rest. */
const PAX_BYTES_MAX = 64 * 1024;
const TYPES: Readonly<Record<string, ReadEntry['type']>> = {
  '0': 'file',
  '\0': 'file',
  '2': 'link',
  '5': 'folder',
};

type Extended = ReadonlyMap<string, Buffer>;

/** Reads the archives that the guest's agent makes: ustar and pax. Anything else is refused, not guessed at. */
export async function* readTar(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<ReadEntry, void> {
  const reader = createByteReader(chunks);
  let extended: Extended = new Map();
  for (;;) {
    const block = await reader.take(BLOCK);
    if (block.every((byte) => byte === 0)) return;
    checkSum(block);
    const type = String.fromCharCode(block[156] ?? 0);
    const sizeBytes = readSize(block, extended);
    const padding = (BLOCK - (sizeBytes % BLOCK)) % BLOCK;
    if (type === 'x') {
      if (sizeBytes > PAX_BYTES_MAX) throw damaged('a header is too long');
      extended = readPax(await reader.take(sizeBytes));
      await reader.skip(padding);
      continue;
    }
    let left = sizeBytes;
    yield {
      path: extended.get('path') ?? field(block, 0, 100),
      type: TYPES[type] ?? 'other',
      sizeBytes,
      target: extended.get('linkpath') ?? field(block, 157, 100),
      async *content() {
        while (left > 0) {
          const piece = await reader.takeSome(left);
          left -= piece.length;
          yield piece;
        }
      },
    };
    await reader.skip(left + padding);
    extended = new Map();
  }
}

function field(block: Buffer, at: number, length: number): Buffer {
  const whole = block.subarray(at, at + length);
  const end = whole.indexOf(0);
  return Buffer.from(end === -1 ? whole : whole.subarray(0, end));
}

function readSize(block: Buffer, extended: Extended): number {
  const size = extended.get('size');
  const text = (size ?? field(block, 124, 12)).toString('latin1').trim();
  const value = Number.parseInt(text, size === undefined ? 8 : 10);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw damaged('a size is no number');
}

function checkSum(block: Buffer): void {
  const said = Number.parseInt(field(block, 148, 8).toString('latin1'), 8);
  const bare = Buffer.from(block).fill(' ', 148, 156);
  if (bare.reduce((total, byte) => total + byte, 0) !== said) throw damaged('a checksum is wrong');
}

/** Records of "LENGTH KEY=VALUE\n". */
function readPax(content: Buffer): Extended {
  const extended = new Map<string, Buffer>();
  for (let at = 0; at < content.length; ) {
    const space = content.indexOf(' ', at);
    const length = Number(content.subarray(at, space).toString('latin1'));
    const record = content.subarray(space + 1, at + length - 1);
    const equals = record.indexOf('=');
    if (space === -1 || !(length > 0) || at + length > content.length || equals === -1) {
      throw damaged('a pax record is malformed');
    }
    const key = record.subarray(0, equals).toString('latin1');
    extended.set(key, Buffer.from(record.subarray(equals + 1)));
    at += length;
  }
  return extended;
}
