import type { Kernel } from '../host/kernel.ts';
import { foreignTap } from './links.ts';
import type { BridgeName, TapName } from './names.ts';

/** A tap at a bridge. For what concerns one VM, a listing of every device of the host would take too long. */
export type Port = {
  readonly name: TapName;
  readonly isolated: boolean;
};

/** Absent when there is no such tap, or when it is not a port of this bridge. */
export function findPort({ linkOf }: Kernel, name: TapName, bridge: BridgeName): Port | undefined {
  const link = linkOf(name);
  if (link === undefined) return undefined;
  if (!link.tap) throw foreignTap(name);
  const isAttached = link.bridge !== undefined && link.bridge === linkOf(bridge)?.index;
  return isAttached ? { name, isolated: link.isolated } : undefined;
}
