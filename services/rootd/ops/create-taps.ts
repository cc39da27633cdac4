import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import { runIpBatch, undoIpBatch } from '../host/tools.ts';
import { findTap, getBridge, type Link, readLinks, type Tap, tapsOf } from '../network/links.ts';
import {
  type BridgeName,
  parseBridgeName,
  parseTapIndexes,
  type TapName,
  tapName,
} from '../network/names.ts';

export type CreateTaps = { readonly bridge: BridgeName; readonly indexes: readonly number[] };

export function parse(request: { bridge: string; indexes: readonly number[] }): CreateTaps {
  return { bridge: parseBridgeName(request.bridge), indexes: parseTapIndexes(request.indexes) };
}

/**
 * Root because: making a tap and attaching it to a bridge needs CAP_NET_ADMIN, and /dev/net/tun is root's.
 * Touches: devices called "bgtap-<index>". They have no owner: nobody but root can attach to them, and a VMM
 * gets its tap as an open descriptor.
 */
export async function run({ call }: { call: Call }, input: CreateTaps): Promise<Tap[]> {
  const before = await readLinks(call);
  getBridge(before, input.bridge);
  const names = input.indexes.map(tapName);
  const wanted = names.map((name) => ({ name, link: findOwnTap(before, name, input.bridge) }));
  const missing = wanted.filter(({ link }) => link === undefined).map(({ name }) => name);
  const unfinished = wanted.filter(({ link }) => link?.master === undefined || !link.up);
  try {
    await runIpBatch(call, [
      ...missing.map((name) => `tuntap add dev ${name} mode tap`),
      ...unfinished.flatMap(({ name }) => attachLines(name, input.bridge)),
    ]);
  } catch (error) {
    await undoIpBatch(
      call,
      missing.map((name) => `link del dev ${name}`),
    );
    throw error;
  }
  call.log.info('taps created', { bridge: input.bridge, taps: missing });
  const taps = tapsOf(await readLinks(call));
  return taps.filter(({ index }) => input.indexes.includes(index));
}

/** Isolated before it is up: from its first frame on, a guest sees the host and no other guest. */
function attachLines(name: TapName, bridge: BridgeName): string[] {
  return [
    `link set dev ${name} addrgenmode none`,
    `link set dev ${name} master ${bridge}`,
    `link set dev ${name} type bridge_slave isolated on`,
    `link set dev ${name} up`,
  ];
}

function findOwnTap(links: readonly Link[], name: TapName, bridge: BridgeName): Link | undefined {
  const tap = findTap(links, name);
  if (tap?.master === undefined || tap.master === bridge) return tap;
  throw new BangerError(
    'OPERATION_REFUSED',
    `tap "${name}" is attached to "${tap.master}" and not to "${bridge}"; another banger may use it`,
    { metadata: { tap: name, bridge: tap.master } },
  );
}
