import { openDeviceAddresses } from '#kit/device-address.ts';
import { openDeviceLinks } from '#kit/device-link.ts';
import { openNftables } from '#kit/nftables.ts';
import type { Kernel } from '../host/kernel.ts';

/** As main.ts has it. */
export function openKernel(): Kernel {
  return { nft: openNftables(), linkOf: openDeviceLinks(), addressOf: openDeviceAddresses() };
}
