import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { foreignTap } from './links.ts';
import type { TapName } from './names.ts';

const DEVICES = '/sys/class/net';
const IFF_TAP = 2;

/** A tap as sysfs has it. For what concerns one VM, a listing of every device of the host would take too long. */
export type Port = {
  readonly name: TapName;
  /** The bridge that it is a port of. */
  readonly bridge: string | undefined;
  readonly isolated: boolean;
};

export function findPort(name: TapName): Port | undefined {
  const folder = join(DEVICES, name);
  if (!existsSync(folder)) return undefined;
  const flags = readOptional(join(folder, 'tun_flags')) ?? '0';
  if ((Number(flags) & IFF_TAP) === 0) throw foreignTap(name);
  // Only a port of a bridge has it; another kind of master has not.
  const isolated = readOptional(join(folder, 'brport/isolated'));
  if (isolated === undefined) return { name, bridge: undefined, isolated: false };
  return {
    name,
    bridge: basename(readlinkSync(join(folder, 'master'))),
    isolated: isolated === '1',
  };
}

function readOptional(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
