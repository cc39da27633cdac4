import type { Call } from '#kit/call.ts';
import type { HostCheck } from '#kit/host-check.ts';
import type { Kernel } from '../host/kernel.ts';
import type { Vmms } from '../vmm/vmms.ts';
import { checkControlGroups, checkResolver } from './host-features.ts';
import {
  checkJailedVmm,
  checkJailProgram,
  checkNetworkTools,
  checkTunDevice,
} from './host-tools.ts';
import { checkPacketFilters } from './packet-filters.ts';
import { checkVmmUids } from './vmm-uids.ts';

export type HostFacts = {
  readonly kernel: Kernel;
  readonly vmms: Vmms;
  /** The host's accounts, by name. */
  readonly accounts: readonly { readonly name: string; readonly uid: number }[];
};

/** What `banger doctor` tells of the host as rootd needs it. Looks only. */
export async function checkHost(
  call: Call,
  { kernel, vmms: { settings, jail }, accounts }: HostFacts,
): Promise<HostCheck[]> {
  return [
    checkNetworkTools(),
    checkTunDevice(),
    checkPacketFilters(kernel.nft),
    checkJailedVmm(settings.qemu),
    await checkJailProgram(() => jail(call.signal)),
    checkControlGroups(),
    checkVmmUids(settings.uids, accounts),
    checkResolver(),
  ];
}
