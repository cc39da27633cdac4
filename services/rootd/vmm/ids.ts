import { BangerError } from '#kit/errors.ts';
import { type Branded, printableName } from '#kit/names.ts';

export type ImageId = Branded<'ImageId'>;
export type KernelId = Branded<'KernelId'>;

/** Like a VM's id: 16 lower-case hexadecimal digits, made by the service that owns the thing. */
const ID = /^[0-9a-f]{16}$/;

export function parseImageId(text: string): ImageId {
  if (ID.test(text)) return text as ImageId;
  throw new BangerError('INVALID_REFERENCE', `"${printableName(text)}" is not the id of an image`);
}

export function parseKernelId(text: string): KernelId {
  if (ID.test(text)) return text as KernelId;
  throw new BangerError('INVALID_REFERENCE', `"${printableName(text)}" is not the id of a kernel`);
}
