import { corrupt } from '../../domain/corrupt.ts';
import type { Limits } from './limits.ts';

/** What Linux file systems store; the rest (macOS's com.apple.*, for one) has no meaning in a guest. */
const KEPT = /^(?:user|trusted|security)\..|^system\.posix_acl_(?:access|default)$/s;

/** The overlay driver of whoever built the image kept its own records in these. */
const OVERLAY = /^(?:trusted|user)\.overlay\./;

/** The attributes that belong to the image; undefined when there are none. */
export function keepXattrs(
  xattrs: ReadonlyMap<string, Buffer> | undefined,
  limits: Limits,
): ReadonlyMap<string, Buffer> | undefined {
  if (xattrs === undefined) return undefined;
  const kept = new Map<string, Buffer>();
  for (const [name, value] of xattrs) {
    if (KEPT.test(name) && !OVERLAY.test(name)) kept.set(name, value);
  }
  if (xattrBytes(kept) > limits.xattrBytes) {
    throw corrupt(`has more than ${limits.xattrBytes} bytes of extended attributes`);
  }
  return kept.size === 0 ? undefined : kept;
}

export function xattrBytes(xattrs: ReadonlyMap<string, Buffer> | undefined): number {
  let bytes = 0;
  for (const [name, value] of xattrs ?? []) bytes += name.length + value.length;
  return bytes;
}
