import type { DeviceLink } from '#kit/device-link.ts';
import type { Subnet } from '#kit/ipv4.ts';
import type { Nftables } from '#kit/nftables.ts';

/** What the kernel is asked and told from within this process, because a tool for it would take longer. */
export type Kernel = {
  readonly nft: Nftables;
  linkOf(device: string): DeviceLink | undefined;
  /** The first IPv4 address of a device. */
  addressOf(device: string): Subnet | undefined;
};
