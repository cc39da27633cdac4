import { readFile, writeFile } from 'node:fs/promises';
import type { Call } from '#kit/call.ts';
import type { BridgeName } from './names.ts';

const FORWARD = '/proc/sys/net/ipv4/ip_forward';

/**
 * Closes the bridge to IPv6, so that the host neither gets an address from a guest's router advertisement nor
 * answers on a link-local one. And with several networks on the host, arp_ignore=1 keeps it from telling a
 * guest which other addresses it has.
 */
export async function hardenBridge(bridge: BridgeName): Promise<void> {
  await writeUnlessAbsent(`/proc/sys/net/ipv6/conf/${bridge}/disable_ipv6`, '1');
  await writeFile(`/proc/sys/net/ipv4/conf/${bridge}/arp_ignore`, '1');
}

/**
 * Lets the host forward packets: done for the first VM with NAT, never sooner, and never undone, because by
 * then somebody else may rely on it. It is the global switch: one per interface would cover the way out, but
 * answers come in on whichever interface the host's routes and VPNs use at that time.
 */
export async function ensureForwarding({ log }: Call): Promise<void> {
  const before = await readFile(FORWARD, 'utf8');
  if (before.trim() === '1') return;
  await writeFile(FORWARD, '1');
  log.warn('packet forwarding switched on for nat', { setting: 'net.ipv4.ip_forward' });
}

/** The file is absent where the kernel was started without IPv6. */
async function writeUnlessAbsent(path: string, value: string): Promise<void> {
  try {
    await writeFile(path, value, { flag: 'r+' });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}
