import { BangerError, hasReason } from '#kit/errors.ts';
import { Fields } from '#kit/fields.ts';
import { parseImageName } from '#kit/names.ts';
import { parseDigest } from '../domain/digest.ts';
import { type Image, parseImageId } from '../domain/image.ts';
import type { ImageConfig } from '../domain/source-image.ts';

/** An image's record as the database keeps it: dates as text, everything else as it is. */
export function formatImageRecord(image: Image): string {
  return JSON.stringify({ ...image, diskDigest: image.diskDigest ?? '' });
}

/** A record on the disk is as foreign as a request: it may be from another version, or damaged. */
export function parseImageRecord(text: string): Image {
  try {
    return readImage(new Fields(JSON.parse(text), 'image'));
  } catch (cause) {
    if (hasReason(cause, 'STATE_CORRUPT')) throw cause;
    throw new BangerError('STATE_CORRUPT', 'an image is recorded in a form that cannot be read', {
      cause,
    });
  }
}

function readImage(from: Fields): Image {
  const diskDigest = from.text('diskDigest');
  return {
    id: parseImageId(from.text('id')),
    name: parseImageName(from.text('name')),
    source: from.text('source'),
    sourceDigest: from.text('sourceDigest'),
    diskDigest: diskDigest === '' ? undefined : parseDigest(diskDigest),
    sizeBytes: from.number('sizeBytes'),
    registeredPath: from.text('registeredPath'),
    config: readConfig(from.fields('config')),
    init: from.text('init'),
    createdAt: from.date('createdAt'),
    isSuperseded: from.flag('isSuperseded'),
    damage: from.text('damage'),
  };
}

function readConfig(from: Fields): ImageConfig {
  return {
    entrypoint: from.texts('entrypoint'),
    cmd: from.texts('cmd'),
    env: from.texts('env'),
    user: from.text('user'),
    workingDir: from.text('workingDir'),
    exposedPorts: from.texts('exposedPorts'),
    labels: from.textMap('labels'),
    architecture: from.text('architecture'),
    os: from.text('os'),
  };
}
