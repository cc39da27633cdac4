import { closeSync } from 'node:fs';
import { BangerError } from '#kit/errors.ts';
import { loadLibc } from '#kit/libc.ts';
import { gateFilter } from './gate-filter.ts';
import { readLocalSubnets } from './local-subnets.ts';

/** What a guest's frames pass on their way from its NIC to QEMU's network: two ends of one socket pair. */
export type Gate = Disposable & { readonly guest: number; readonly outside: number };

/** A filter for these still fits into 20 KiB, which is what kernels used to allow (net.core.optmem_max). */
const MOST_SUBNETS = 500;

/**
 * QEMU's user network opens a connection of its own for each of the guest's, from the host, so a guest would reach
 * whatever the host itself reaches: its loopback through the gateway's address, and every service on any of its
 * addresses. QEMU has no switch against that. So the frames go through a socket pair first, where a filter in the
 * kernel drops those for the host. It needs no privilege and no process, and lives as long as QEMU does.
 *
 * The filter knows the addresses that the host has now, and none that it gets later.
 */
export function openGate(): Gate {
  const local = readLocalSubnets();
  if (local.length > MOST_SUBNETS) throw tooMany(local.length);
  const libc = loadLibc();
  const [guest, outside] = libc.messagePair();
  const close = () => {
    closeSync(guest);
    closeSync(outside);
  };
  try {
    // Before QEMU has the sockets, so that there is no moment without it.
    libc.attachFilter(outside, gateFilter(local));
  } catch (error) {
    close();
    throw error;
  }
  return { guest, outside, [Symbol.dispose]: close };
}

function tooMany(count: number): BangerError {
  return new BangerError(
    'HOST_NOT_READY',
    `this host has ${count} addresses, too many to close to a guest with nat in network mode "user"; use mode "bridge"`,
  );
}
