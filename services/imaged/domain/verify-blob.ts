import { createHash } from 'node:crypto';
import { BangerError } from '#kit/errors.ts';
import { type Digest, toDigest } from './digest.ts';

export type BlobIdentity = { readonly digest: Digest; readonly sizeBytes: number };

/**
 * Passes a blob's bytes on and checks size and digest on the way.
 * The verdict comes with the end of the iteration: who stops reading earlier has verified nothing.
 */
export async function* verifyBlob(
  chunks: AsyncIterable<Buffer>,
  blob: BlobIdentity,
  origin: string,
): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  for await (const chunk of chunks) {
    sizeBytes += chunk.length;
    if (sizeBytes > blob.sizeBytes) {
      throw corruptBlob(blob, origin, `it is longer than the announced ${blob.sizeBytes} bytes`);
    }
    hash.update(chunk);
    yield chunk;
  }
  if (sizeBytes < blob.sizeBytes) {
    throw corruptBlob(blob, origin, `it ends after ${sizeBytes} of ${blob.sizeBytes} bytes`);
  }
  checkDigest(blob, toDigest(hash.digest('hex')), origin);
}

export function checkDigest(blob: BlobIdentity, found: Digest, origin: string): void {
  if (found !== blob.digest) throw corruptBlob(blob, origin, `its content hashes to ${found}`);
}

export function corruptBlob(blob: BlobIdentity, origin: string, why: string): BangerError {
  return new BangerError(
    'IMAGE_CORRUPT',
    `blob "${blob.digest}" from ${origin} is damaged: ${why}`,
    {
      metadata: { digest: blob.digest },
    },
  );
}
