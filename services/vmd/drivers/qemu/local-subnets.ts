import { readFileSync } from 'node:fs';
import { BangerError } from '#kit/errors.ts';
import { parseIpv4, type Subnet } from '#kit/ipv4.ts';

const ROUTES = '/proc/net/fib_trie';

/** What this host takes for itself: every address of every device, its broadcasts, and all of 127/8. */
export function readLocalSubnets(): Subnet[] {
  const found = parseLocalSubnets(readFileSync(ROUTES, 'utf8'));
  // There is always the loopback. Nothing found means that the form is unknown, and a gate without it would be open.
  if (found.length === 0) throw new BangerError('INTERNAL', `${ROUTES} names no address of ours`);
  return found;
}

/**
 * The kernel's routing tables name an address ("|-- 192.0.2.2") and below it what is done with it and so many leading
 * bits ("/32 host LOCAL").
 */
export function parseLocalSubnets(text: string): Subnet[] {
  const found = new Map<string, Subnet>();
  let address = '';
  for (const line of text.split('\n')) {
    address = /\|-- ([0-9.]+)$/.exec(line)?.[1] ?? address;
    const length = /^ *\/([0-9]+) [a-z]+ (?:LOCAL|BROADCAST)\b/.exec(line)?.[1];
    if (length === undefined) continue;
    const subnet = { address: parseIpv4(address), prefixLength: Number(length) };
    found.set(`${address}/${length}`, subnet);
  }
  return [...found.values()];
}
