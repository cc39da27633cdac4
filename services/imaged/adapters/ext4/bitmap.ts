/** Bit `n` of a bitmap is bit `n % 8` of byte `n / 8`. */
export function setBits(bitmap: Buffer, from: number, to: number): void {
  changeBits(bitmap, from, to, true);
}

export function clearBits(bitmap: Buffer, from: number, to: number): void {
  changeBits(bitmap, from, to, false);
}

/** Whole bytes at once; only the two ends are looked at bit by bit. */
function changeBits(bitmap: Buffer, from: number, to: number, value: boolean): void {
  const firstByte = Math.ceil(from / 8);
  const endByte = Math.floor(to / 8);
  if (firstByte >= endByte) {
    changeEachBit(bitmap, from, to, value);
    return;
  }
  changeEachBit(bitmap, from, firstByte * 8, value);
  bitmap.fill(value ? 0xff : 0, firstByte, endByte);
  changeEachBit(bitmap, endByte * 8, to, value);
}

function changeEachBit(bitmap: Buffer, from: number, to: number, value: boolean): void {
  for (let bit = from; bit < to; bit++) {
    const byte = Math.floor(bit / 8);
    const mask = 1 << (bit % 8);
    const old = bitmap[byte] ?? 0;
    bitmap[byte] = value ? old | mask : old & ~mask;
  }
}

export function countClearBits(bitmap: Buffer): number {
  let clear = 0;
  for (const byte of bitmap) {
    for (let rest = byte ^ 0xff; rest > 0; rest &= rest - 1) clear++;
  }
  return clear;
}
