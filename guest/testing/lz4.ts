const LEGACY_MAGIC = Buffer.from('02214c18', 'hex');
const BLOCK_MAX = 8 * 2 ** 20;
const MATCH_MIN = 4;

/**
 * The kernel inside a bzImage that was compressed with LZ4, as Debian's are. A legacy LZ4 stream: the
 * magic, then blocks with their compressed size before them, until something else follows.
 */
export function unpackLz4Kernel(image: Buffer): Buffer {
  const start = image.indexOf(LEGACY_MAGIC);
  if (start < 0) throw new Error('the kernel image holds no LZ4 stream');
  const blocks: Buffer[] = [];
  let at = start + LEGACY_MAGIC.length;
  for (;;) {
    const size = at + 4 <= image.length ? image.readUInt32LE(at) : 0;
    if (size === 0 || at + 4 + size > image.length) return Buffer.concat(blocks);
    const block = unpackBlock(image.subarray(at + 4, at + 4 + size));
    blocks.push(block);
    at += 4 + size;
    if (block.length < BLOCK_MAX) return Buffer.concat(blocks);
  }
}

/** Sequences of literals and matches (the LZ4 block format); the last one has literals only. */
function unpackBlock(input: Buffer): Buffer {
  const output = Buffer.allocUnsafe(BLOCK_MAX);
  let at = 0;
  let fill = 0;
  const length = (nibble: number): number => {
    if (nibble < 15) return nibble;
    let sum = nibble;
    for (let byte = 255; byte === 255; sum += byte) byte = input[at++] ?? 0;
    return sum;
  };
  while (at < input.length) {
    const token = input[at++] ?? 0;
    const literals = length(token >> 4);
    input.copy(output, fill, at, at + literals);
    at += literals;
    fill += literals;
    if (at >= input.length) break;
    const distance = input.readUInt16LE(at);
    at += 2;
    const end = fill + length(token & 15) + MATCH_MIN;
    /* A match may overlap what it makes, so it is copied in steps of its distance. */
    for (; fill < end; fill += Math.min(distance, end - fill)) {
      output.copy(output, fill, fill - distance, Math.min(fill, end - distance));
    }
  }
  return output.subarray(0, fill);
}
