const BLOCK = 512;

/** What ends a tar: two blocks of zeros. */
export const TAR_END = Buffer.alloc(2 * BLOCK);

/** Octal digits reach to 8 GiB; what is larger is written in binary, as GNU tar does. */
const OCTAL_LIMIT = 8 ** 11;

/** The header of a plain file. Nothing in it depends on who packs, or when. */
export function memberHeader(name: string, sizeBytes: number): Buffer {
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0, 100);
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  writeSize(header, sizeBytes);
  header.write('00000000000\0', 136);
  header.write('        ', 148);
  header.write('0', 156);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

/** Members begin at whole blocks. */
export function paddingAfter(sizeBytes: number): Buffer {
  return Buffer.alloc((BLOCK - (sizeBytes % BLOCK)) % BLOCK);
}

function writeSize(header: Buffer, sizeBytes: number): void {
  if (sizeBytes < OCTAL_LIMIT) {
    header.write(`${sizeBytes.toString(8).padStart(11, '0')}\0`, 124);
    return;
  }
  header.writeUInt8(0x80, 124);
  header.writeBigUInt64BE(BigInt(sizeBytes), 128);
}
