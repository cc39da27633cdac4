import type { Call } from '#kit/call.ts';
import type { Subnet } from '#kit/ipv4.ts';
import { bridgesOf, readLinks, type Tap, tapsOf } from '../network/links.ts';

export type ListTaps = Readonly<Record<string, never>>;

export type Bridge = { readonly name: string; readonly subnet: Subnet | undefined };

export function parse(_request: object): ListTaps {
  return {};
}

/**
 * Root because: it need not be; the listing stands here so that netd sees exactly what rootd acts on.
 * Touches: nothing.
 */
export async function run(
  { call }: { call: Call },
  _input: ListTaps,
): Promise<{ taps: Tap[]; bridges: Bridge[] }> {
  const links = await readLinks(call);
  const bridges = bridgesOf(links).map(({ name, addresses }) => ({ name, subnet: addresses[0] }));
  return { taps: tapsOf(links), bridges };
}
