import { BangerError } from '#kit/errors.ts';
import { parseImageName } from '#kit/names.ts';
import {
  member,
  parseJson,
  toDigestField,
  toEntries,
  toList,
  toSizeBytes,
  toText,
  wrongField,
} from '../domain/json-field.ts';
import type { BundleManifest } from '../domain/ports.ts';
import type { ImageConfig } from '../domain/source-image.ts';

export const MANIFEST_LIMIT_BYTES = 4 * 2 ** 20;

/** As large as a disk may be: one that claims more would keep us busy for hours with zeros. */
const DISK_LIMIT_BYTES = 2 ** 40;

const VERSION = 1;

export function formatBundleManifest({ name, disk, config }: BundleManifest): Buffer {
  return Buffer.from(JSON.stringify({ version: VERSION, name, disk, config }));
}

/** A bundle comes from anywhere: its manifest is read as a stranger's. */
export function parseBundleManifest(bytes: Buffer): BundleManifest {
  const root = parseJson('manifest of the bundle', bytes);
  const version = member(root, 'version');
  if (version.value !== VERSION) throw wrongField(version, `${VERSION}; a newer banger made it`);
  const disk = member(root, 'disk');
  const size = member(disk, 'sizeBytes');
  const sizeBytes = toSizeBytes(size);
  if (sizeBytes > DISK_LIMIT_BYTES) throw wrongField(size, `at most ${DISK_LIMIT_BYTES}`);
  return {
    name: parseName(toText(member(root, 'name'))),
    disk: { digest: toDigestField(member(disk, 'digest')), sizeBytes },
    config: parseConfig(),
  };

  function parseConfig(): ImageConfig {
    const from = member(root, 'config');
    const texts = (field: string) => toList(member(from, field)).map(toText);
    const labels = toEntries(member(from, 'labels')).map(([key, value]) => [key, toText(value)]);
    return {
      entrypoint: texts('entrypoint'),
      cmd: texts('cmd'),
      env: texts('env'),
      user: toText(member(from, 'user')),
      workingDir: toText(member(from, 'workingDir')),
      exposedPorts: texts('exposedPorts'),
      labels: Object.fromEntries(labels) as Record<string, string>,
      architecture: toText(member(from, 'architecture')),
      os: toText(member(from, 'os')),
    };
  }
}

function parseName(text: string): BundleManifest['name'] {
  try {
    return parseImageName(text);
  } catch (cause) {
    throw new BangerError(
      'IMAGE_CORRUPT',
      'the bundle has no name that can be used; give it one with --name',
      {
        cause,
      },
    );
  }
}
