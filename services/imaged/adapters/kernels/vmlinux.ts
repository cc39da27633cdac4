import { promisify } from 'node:util';
import { gunzip, zstdDecompress } from 'node:zlib';
import { BangerError } from '#kit/errors.ts';
import { formatSize } from '#kit/size.ts';
import { corrupt } from '../../domain/corrupt.ts';
import { isElf } from './elf-kernel.ts';
import { LZ4_LEGACY_MAGIC, unpackLz4Legacy } from './lz4.ts';

const GZIP_MAGIC = 0x8b1f;
const ZSTD_MAGIC = 0xfd2fb528;
/** "HdrS": the x86 boot protocol, Documentation/arch/x86/boot.rst. */
const HEADER_MAGIC = 0x53726448;

/** Linux packs itself without its debugging information: 30 to 80 MiB. */
const LIMIT_BYTES = 256 * 2 ** 20;

/**
 * The ELF kernel inside of a bzImage. QEMU boots it 0.2 to 0.4 s sooner than the bzImage, whose own unpacking runs in
 * the guest, and Firecracker takes nothing else.
 */
export async function unpackKernel(image: Buffer): Promise<Buffer> {
  if (isElf(image)) return image;
  const kernel = await unpackPayload(payloadOf(image));
  if (isElf(kernel)) return kernel;
  throw corrupt('what it holds is no ELF kernel');
}

function payloadOf(image: Buffer): Buffer {
  if (image.length < 0x260 || image.readUInt32LE(0x202) !== HEADER_MAGIC) {
    throw corrupt('is neither an ELF kernel nor a bzImage');
  }
  const setupBytes = ((image[0x1f1] || 4) + 1) * 512;
  const start = setupBytes + image.readUInt32LE(0x248);
  const length = image.readUInt32LE(0x24c);
  if (length >= 4 && start + length <= image.length) return image.subarray(start, start + length);
  throw corrupt('is cut short');
}

async function unpackPayload(payload: Buffer): Promise<Buffer> {
  const magic = payload.readUInt32LE(0);
  if (magic === LZ4_LEGACY_MAGIC) return unpackLz4Legacy(payload, LIMIT_BYTES);
  try {
    const bound = { maxOutputLength: LIMIT_BYTES };
    if ((magic & 0xffff) === GZIP_MAGIC) return await promisify(gunzip)(payload, bound);
    if (magic === ZSTD_MAGIC) return await promisify(zstdDecompress)(payload, bound);
  } catch (cause) {
    // ERR_BUFFER_TOO_LARGE is one; damage has codes of zlib's or zstd's own.
    if (!(cause instanceof RangeError)) throw corrupt('its payload is damaged', cause);
    throw corrupt(`expands to more than ${formatSize(LIMIT_BYTES)}`, cause);
  }
  if (isElf(payload)) return payload;
  throw new BangerError(
    'FEATURE_UNSUPPORTED',
    'is packed in a way that is not known here; gzip, zstd and lz4 are',
  );
}
