import {
  type AvailableImage as AvailableImageMessage,
  ImageConfig as ImageConfigMessage,
  Image as ImageMessage,
} from '#proto/banger/v1/image.ts';
import { type Image, isManaged, type ListedImage } from '../domain/image.ts';
import type { AvailableImage } from '../domain/list-available-images.ts';

export function toImageMessage({ image, allocatedBytes, vmIds }: ListedImage): ImageMessage {
  const { id, name, source, sourceDigest, diskDigest, sizeBytes, createdAt } = image;
  return ImageMessage.fromPartial({
    ...{ id, name, sourceDigest, sizeBytes, createdAt, allocatedBytes },
    source: isManaged(image) ? source : image.registeredPath,
    diskDigest: diskDigest ?? '',
    managed: isManaged(image),
    config: toConfigMessage(image),
    vmIds: [...vmIds],
  });
}

function toConfigMessage({ config, init }: Image): ImageConfigMessage {
  const { cmd: command, env: environment, os: _, ...rest } = config;
  return ImageConfigMessage.fromPartial({
    ...rest,
    entrypoint: [...rest.entrypoint],
    command: [...command],
    environment: [...environment],
    exposedPorts: [...rest.exposedPorts],
    init,
  });
}

export function toAvailableMessage({ isPresent, ...image }: AvailableImage): AvailableImageMessage {
  return { ...image, present: isPresent };
}
