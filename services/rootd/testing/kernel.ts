import { openDeviceAddresses } from '#kit/device-address.ts';
import { openNftables } from '#kit/nftables.ts';
import type { Kernel } from '../host/kernel.ts';

/** As main.ts has it. */
export function openKernel(): Kernel {
  return { nft: openNftables(), addressOf: openDeviceAddresses() };
}
