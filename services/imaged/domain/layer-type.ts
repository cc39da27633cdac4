import { BangerError } from '#kit/errors.ts';
import { printableName } from '#kit/names.ts';

export type LayerCompression = 'none' | 'gzip' | 'zstd';

// "nondistributable" and "foreign" layers are ordinary ones with a licence; their URLs are never followed.
const COMPRESSIONS: ReadonlyMap<string, LayerCompression> = new Map([
  ['application/vnd.oci.image.layer.v1.tar', 'none'],
  ['application/vnd.oci.image.layer.v1.tar+gzip', 'gzip'],
  ['application/vnd.oci.image.layer.v1.tar+zstd', 'zstd'],
  ['application/vnd.oci.image.layer.nondistributable.v1.tar', 'none'],
  ['application/vnd.oci.image.layer.nondistributable.v1.tar+gzip', 'gzip'],
  ['application/vnd.oci.image.layer.nondistributable.v1.tar+zstd', 'zstd'],
  ['application/vnd.docker.image.rootfs.diff.tar', 'none'],
  ['application/vnd.docker.image.rootfs.diff.tar.gzip', 'gzip'],
  ['application/vnd.docker.image.rootfs.diff.tar.zstd', 'zstd'],
  ['application/vnd.docker.image.rootfs.foreign.diff.tar', 'none'],
  ['application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', 'gzip'],
]);

export function isLayerType(mediaType: string): boolean {
  return COMPRESSIONS.has(mediaType);
}

export function layerCompression(mediaType: string): LayerCompression {
  const compression = COMPRESSIONS.get(mediaType);
  if (compression !== undefined) return compression;
  throw new BangerError(
    'FEATURE_UNSUPPORTED',
    `layer type "${printableName(mediaType)}" is no file system; only container images can be used`,
  );
}
