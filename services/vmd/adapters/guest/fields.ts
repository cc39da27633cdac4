import { BangerError } from '#kit/errors.ts';

/** Reads the fields of a message from the guest, which may be wrong in any way. */
export class FieldReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  u8(): number {
    return this.#take(1).readUInt8();
  }

  u16(): number {
    return this.#take(2).readUInt16LE();
  }

  u32(): number {
    return this.#take(4).readUInt32LE();
  }

  /** Numbers that fit in 53 bits, which sizes, times and counters do. */
  u64(): number {
    return Number(this.#take(8).readBigUInt64LE());
  }

  i64(): number {
    return Number(this.#take(8).readBigInt64LE());
  }

  bytes(): Buffer {
    return this.#take(this.u32());
  }

  fixed(length: number): Buffer {
    return this.#take(length);
  }

  text(): string {
    return this.bytes().toString('utf8');
  }

  /** A count of items that each take at least `itemBytes`, so it cannot claim more than came. */
  count(itemBytes: number): number {
    const count = this.u32();
    if (count * itemBytes > this.#bytes.length - this.#at) throw malformed();
    return count;
  }

  #take(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length) throw malformed();
    const part = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return part;
  }
}

function malformed(): BangerError {
  return new BangerError('GUEST_UNREACHABLE', 'the guest sent a message that ends too early');
}

/** Builds the fields of a message to the guest. */
export class FieldWriter {
  readonly #parts: Buffer[] = [];

  u8(value: number): this {
    return this.#put(Buffer.of(value));
  }

  u16(value: number): this {
    const part = Buffer.alloc(2);
    part.writeUInt16LE(value);
    return this.#put(part);
  }

  u32(value: number): this {
    const part = Buffer.alloc(4);
    part.writeUInt32LE(value);
    return this.#put(part);
  }

  i64(value: number): this {
    const part = Buffer.alloc(8);
    part.writeBigInt64LE(BigInt(value));
    return this.#put(part);
  }

  bytes(value: Buffer): this {
    return this.u32(value.length).#put(value);
  }

  /** Paths may be given as bytes, because file systems have names that are no text. */
  text(value: string | Buffer): this {
    if (value.includes('\0')) {
      throw new BangerError(
        'INVALID_FIELD',
        `${JSON.stringify(value.toString())} holds a NUL character`,
      );
    }
    return this.bytes(Buffer.from(value));
  }

  texts(values: readonly (string | Buffer)[]): this {
    this.u32(values.length);
    for (const value of values) this.text(value);
    return this;
  }

  build(): Buffer {
    return Buffer.concat(this.#parts);
  }

  #put(part: Buffer): this {
    this.#parts.push(part);
    return this;
  }
}
