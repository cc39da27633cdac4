import type { WithCall } from '#kit/call-middleware.ts';
import { parseVmId } from '#kit/names.ts';
import type { Rpc } from '#kit/rpc.ts';
import {
  NetworkServiceDefinition,
  type NetworkServiceImplementation,
} from '#proto/banger/v1/network.ts';
import { acquireLease } from './domain/acquire-lease.ts';
import { attachLease } from './domain/attach-lease.ts';
import { detachLease } from './domain/detach-lease.ts';
import { getNetworkStatus } from './domain/get-network-status.ts';
import type { Lease } from './domain/lease.ts';
import { listLeases } from './domain/list-leases.ts';
import type { Netd } from './domain/ports.ts';
import { releaseLease } from './domain/release-lease.ts';
import { setLease } from './domain/set-lease.ts';
import { parseChanges, parseWish, toLeaseMessage, toStatusMessage } from './messages.ts';

export function networkService(netd: Netd): Rpc {
  const toMessage = (lease: Lease) => toLeaseMessage(lease, netd.config.pool);
  const implementation: NetworkServiceImplementation<WithCall> = {
    acquireLease: async (request, { call }) => {
      const lease = await acquireLease(netd, call, parseWish(request));
      return { lease: toMessage(lease) };
    },
    attachLease: async ({ vmId }, { call }) => {
      const lease = await attachLease(netd, call, parseVmId(vmId));
      return { lease: toMessage(lease) };
    },
    detachLease: async ({ vmId }, { call }) => {
      await detachLease(netd, call, parseVmId(vmId));
      return {};
    },
    setLease: async (request, { call }) => {
      const lease = await setLease(netd, call, parseVmId(request.vmId), parseChanges(request));
      return { lease: toMessage(lease) };
    },
    releaseLease: async ({ vmId }, { call }) => {
      await releaseLease(netd, call, parseVmId(vmId));
      return {};
    },
    listLeases: async () => ({ leases: (await listLeases(netd)).map(toMessage) }),
    getNetworkStatus: async (_request, { call }) =>
      toStatusMessage(await getNetworkStatus(netd, call)),
  };
  return { definition: NetworkServiceDefinition, implementation };
}
