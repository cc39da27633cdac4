import type { Call } from '#kit/call.ts';
import { createClient } from '#kit/client.ts';
import type { Connection } from '#kit/connection.ts';
import { BangerError } from '#kit/errors.ts';
import { parseVmId } from '#kit/names.ts';
import { type Lease as LeaseMessage, NetworkServiceDefinition } from '#proto/banger/v1/network.ts';
import type { MachineNetwork } from '../domain/driver.ts';
import type { Lease, Network } from '../domain/ports.ts';
import { fromNetworkMode, toNetworkMode } from '../messages/network-mode.ts';

export function createNetwork(netd: Connection): Network {
  const client = createClient(NetworkServiceDefinition, netd);
  return {
    async refusal(call, mode) {
      if (mode === 'none') return undefined;
      const { modes } = await client.getNetworkStatus({}, options(call));
      const found = modes.find((status) => fromNetworkMode(status.mode) === mode);
      if (found === undefined) return 'netd does not know it';
      return found.available ? undefined : found.reason;
    },
    async acquire(call, { id, name, spec }) {
      const { network, nat, peers } = spec;
      const request = { vmId: id, vmName: name, mode: toNetworkMode(network), nat, peers };
      const { lease } = await client.acquireLease(request, options(call));
      return toLease(lease);
    },
    async attach(call, vmId) {
      const { lease } = await client.attachLease({ vmId }, options(call));
      return toLease(lease);
    },
    detach: async (call, vmId) => void (await client.detachLease({ vmId }, options(call))),
    set: async (call, vmId, change) =>
      void (await client.setLease({ vmId, ...change }, options(call))),
    release: async (call, vmId) => void (await client.releaseLease({ vmId }, options(call))),
    async listHolders(call) {
      const { leases } = await client.listLeases({}, options(call));
      return leases.map(({ vmId }) => parseVmId(vmId));
    },
  };
}

function options({ signal, opId }: Call): { signal: AbortSignal; opId: string } {
  return { signal, opId };
}

function toLease(lease: LeaseMessage | undefined): Lease {
  if (lease === undefined) throw new BangerError('INTERNAL', 'netd answered without a lease');
  const { vmId, mode, address, prefixLength, gateway, resolver, mac } = lease;
  return {
    vmId: parseVmId(vmId),
    mode: fromNetworkMode(mode),
    address,
    prefixLength,
    gateway,
    resolver,
    mac,
    machine: toMachineNetwork(lease),
  };
}

function toMachineNetwork({ mode, mac, nat, tapIndex }: LeaseMessage): MachineNetwork {
  switch (fromNetworkMode(mode)) {
    case 'bridge':
      return { mode: 'bridge', mac, tapIndex };
    case 'user':
      return { mode: 'user', mac, nat };
    case 'none':
      return { mode: 'none' };
  }
}
