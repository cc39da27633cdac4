import { BangerError } from '#kit/errors.ts';
import { corrupt } from '../../../domain/corrupt.ts';
import { printableName } from '../../../domain/printable-name.ts';

export type Compression = 'none' | 'gzip' | 'zstd';

/** Enough of a stream to know its compression. */
export const MAGIC_BYTES = 6;

const MAGICS: readonly (readonly [RegExp, string])[] = [
  [/^1f8b/, 'gzip'],
  [/^28b52ffd/, 'zstd'],
  // A skippable frame, with which some writers of zstd begin.
  [/^5.2a4d18/, 'zstd'],
  [/^425a68/, 'bzip2'],
  [/^fd377a585a00/, 'xz'],
  [/^04224d18/, 'lz4'],
];

/** Names the compression by the first bytes, one that we can not undo included. */
export function detectCompression(head: Buffer): string {
  const hex = head.toString('hex', 0, MAGIC_BYTES);
  return MAGICS.find(([magic]) => magic.test(hex))?.[1] ?? 'none';
}

/**
 * The compression of a layer, by its first bytes. A media type must agree with them: two readers that
 * trust different ones of the two would see two images.
 */
export function parseCompression(head: Buffer, mediaType: string | undefined): Compression {
  const found = detectCompression(head);
  if (mediaType !== undefined) {
    const declared = parseMediaType(mediaType);
    if (declared !== found)
      throw corrupt(`has compression "${found}", not "${declared}" as declared`);
  }
  if (found === 'none' || found === 'gzip' || found === 'zstd') return found;
  throw new BangerError(
    'FEATURE_UNSUPPORTED',
    `compression "${found}" is not supported; use gzip or zstd`,
  );
}

const MEDIA_TYPE =
  /^application\/vnd\.(?:oci\.image\.layer\.(?:nondistributable\.)?v1|docker\.image\.rootfs\.(?:foreign\.)?diff)\.tar(?:[.+](gzip|zstd))?$/;

function parseMediaType(mediaType: string): string {
  const match = MEDIA_TYPE.exec(mediaType);
  if (match !== null) return match[1] ?? 'none';
  throw new BangerError(
    'FEATURE_UNSUPPORTED',
    `media type ${printableName(mediaType)} is not that of a file system layer`,
  );
}
