import { promisify } from 'node:util';
import { gunzip, zstdDecompress } from 'node:zlib';
import { BangerError } from '#kit/errors.ts';
import { LZ4_LEGACY_MAGIC, unpackLz4Legacy } from './lz4.ts';

const ELF_MAGIC = 0x464c457f;
const GZIP_MAGIC = 0x8b1f;
const ZSTD_MAGIC = 0xfd2fb528;
/** "HdrS": the x86 boot protocol, Documentation/arch/x86/boot.rst. */
const HEADER_MAGIC = 0x53726448;

/**
 * The ELF kernel inside of a bzImage. QEMU boots it 0.2 to 0.4 s sooner than the bzImage, whose own unpacking runs in
 * the guest, and Firecracker takes nothing else.
 */
export async function unpackKernel(image: Buffer): Promise<Buffer> {
  if (image.readUInt32LE(0) === ELF_MAGIC) return image;
  const payload = payloadOf(image);
  const kernel = await unpackPayload(payload);
  if (kernel.length >= 4 && kernel.readUInt32LE(0) === ELF_MAGIC) return kernel;
  throw new BangerError('IMAGE_CORRUPT', 'what the kernel image holds is no ELF kernel');
}

function payloadOf(image: Buffer): Buffer {
  if (image.length < 0x260 || image.readUInt32LE(0x202) !== HEADER_MAGIC) {
    throw new BangerError('IMAGE_CORRUPT', 'the file is neither an ELF kernel nor a bzImage');
  }
  const setupBytes = ((image[0x1f1] || 4) + 1) * 512;
  const start = setupBytes + image.readUInt32LE(0x248);
  return image.subarray(start, start + image.readUInt32LE(0x24c));
}

async function unpackPayload(payload: Buffer): Promise<Buffer> {
  const magic = payload.readUInt32LE(0);
  if (magic === LZ4_LEGACY_MAGIC) return unpackLz4Legacy(payload);
  if ((magic & 0xffff) === GZIP_MAGIC) return promisify(gunzip)(payload);
  if (magic === ZSTD_MAGIC) return promisify(zstdDecompress)(payload);
  if (magic === ELF_MAGIC) return payload;
  throw new BangerError(
    'FEATURE_UNSUPPORTED',
    'the kernel is packed in a way that is not known here; gzip, zstd and lz4 are',
  );
}
