import { gzipSync, zstdCompressSync } from 'node:zlib';

const HEADER_BYTES = 1024;
const LZ4_BLOCK_BYTES = 8 * 2 ** 20;

/** Around a payload, the header of the x86 boot protocol, as far as it says where the payload is. */
export function makeBzImage(payload: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header[0x1f1] = HEADER_BYTES / 512 - 1;
  header.write('HdrS', 0x202, 'latin1');
  header.writeUInt32LE(payload.length, 0x24c);
  return Buffer.concat([header, payload]);
}

/** The ways in which Linux packs itself. */
export const PACKINGS: Readonly<Record<string, (kernel: Buffer) => Buffer>> = {
  plain: (kernel) => kernel,
  gzip: (kernel) => gzipSync(kernel),
  zstd: (kernel) => zstdCompressSync(kernel),
  lz4: packLz4,
};

/** An LZ4 legacy stream of literals alone, and behind it, as the kernel's build has it, the unpacked size. */
export function packLz4(kernel: Buffer): Buffer {
  const parts: Buffer[] = [Buffer.from([0x02, 0x21, 0x4c, 0x18])];
  for (let at = 0; at < kernel.length; at += LZ4_BLOCK_BYTES) {
    const block = packLiterals(kernel.subarray(at, at + LZ4_BLOCK_BYTES));
    parts.push(toUint32(block.length), block);
  }
  return Buffer.concat([...parts, toUint32(kernel.length)]);
}

function packLiterals(bytes: Buffer): Buffer {
  if (bytes.length < 15) return Buffer.concat([Buffer.from([bytes.length << 4]), bytes]);
  const rest = bytes.length - 15;
  const length = Buffer.alloc(Math.floor(rest / 255) + 1, 255);
  length[length.length - 1] = rest % 255;
  return Buffer.concat([Buffer.from([0xf0]), length, bytes]);
}

function toUint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
