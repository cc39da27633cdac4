import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import { runIpBatch } from '../host/tools.ts';
import { findTap, type Link, readLinks, tapsOf } from '../network/links.ts';
import { findTapIndex, parseTapIndexes, type TapName, tapName } from '../network/names.ts';

/** A number that means nothing, so that nobody else has it. */
const GROUP = '1650947169';

export type DeleteTaps = { readonly indexes: readonly number[] };

export function parse(request: { indexes: readonly number[] }): DeleteTaps {
  return { indexes: parseTapIndexes(request.indexes) };
}

/**
 * Root because: removing a device needs CAP_NET_ADMIN.
 * Touches: devices called "bgtap-<index>" that are taps and that no VMM holds.
 */
export async function run({ call }: { call: Call }, { indexes }: DeleteTaps): Promise<void> {
  const links = await readLinks(call);
  const existing = indexes.map(tapName).filter((name) => findTap(links, name) !== undefined);
  const held = tapsOf(links).find(({ index, inUse }) => inUse && indexes.includes(index));
  if (held !== undefined) {
    throw new BangerError(
      'OPERATION_REFUSED',
      `tap "${held.name}" is held by a running vm; stop it first`,
      { metadata: { tap: held.name } },
    );
  }
  if (existing.length === 0) return;
  await runIpBatch(call, removeTogether(links, existing));
  call.log.info('taps deleted', { taps: existing });
}

/** The kernel takes some 20 ms to remove a device, and hardly longer for two hundred of one group. */
function removeTogether(links: readonly Link[], taps: readonly TapName[]): string[] {
  const others = links.filter(
    ({ name, group }) => group === GROUP && !taps.some((tap) => tap === name),
  );
  if (others.some(({ name }) => findTapIndex(name) === undefined)) {
    return taps.map((name) => `link del dev ${name}`);
  }
  return [
    // Left from a batch that stopped half way.
    ...others.map(({ name }) => `link set dev ${name} group default`),
    ...taps.map((name) => `link set dev ${name} group ${GROUP}`),
    `link del group ${GROUP}`,
  ];
}
