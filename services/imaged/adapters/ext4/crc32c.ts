/** The Castagnoli polynomial, bit-reversed. `zlib.crc32` has another one, so it cannot help here. */
const POLYNOMIAL = 0x82f63b78;

/** Eight tables of 256: what a byte does to the checksum when 0 to 7 more bytes follow it. */
const TABLES = makeTables();

function makeTables(): Int32Array {
  const tables = new Int32Array(8 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ POLYNOMIAL : crc >>> 1;
    tables[byte] = crc;
  }
  for (let at = 256; at < tables.length; at++) {
    const previous = tables[at - 256] as number;
    tables[at] = (tables[previous & 255] as number) ^ (previous >>> 8);
  }
  return tables;
}

function effect(byte: number, following: number): number {
  return TABLES[(following << 8) | byte] as number;
}

/**
 * Continues a CRC-32C over `bytes[start, end)`. Raw, as ext4 uses it: started from all ones by the
 * caller and never inverted at the end. Eight bytes a step; this is the inner loop of all metadata.
 */
export function crc32c(seed: number, bytes: Buffer, start = 0, end = bytes.length): number {
  const at = (index: number) => bytes[index] as number;
  let crc = seed | 0;
  let i = start;
  for (const last = end - 7; i < last; i += 8) {
    const x = crc ^ (at(i) | (at(i + 1) << 8) | (at(i + 2) << 16) | (at(i + 3) << 24));
    crc =
      effect(x & 255, 7) ^
      effect((x >>> 8) & 255, 6) ^
      effect((x >>> 16) & 255, 5) ^
      effect(x >>> 24, 4) ^
      effect(at(i + 4), 3) ^
      effect(at(i + 5), 2) ^
      effect(at(i + 6), 1) ^
      effect(at(i + 7), 0);
  }
  for (; i < end; i++) crc = effect((crc ^ at(i)) & 255, 0) ^ (crc >>> 8);
  return crc >>> 0;
}

/** The same over a little-endian 32-bit word: much is summed together with the number of its place. */
export function crc32cWord(seed: number, word: number): number {
  let crc = seed ^ word;
  for (let byte = 0; byte < 4; byte++) crc = effect(crc & 255, 0) ^ (crc >>> 8);
  return crc >>> 0;
}
