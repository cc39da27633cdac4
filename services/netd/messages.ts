import { BangerError } from '#kit/errors.ts';
import { parseVmId, parseVmName } from '#kit/names.ts';
import type {
  AcquireLeaseRequest,
  GetNetworkStatusResponse,
  Lease as LeaseMessage,
  SetLeaseRequest,
} from '#proto/banger/v1/network.ts';
import { NetworkMode as NetworkModeMessage } from '#proto/banger/v1/types.ts';
import type { AddressPool } from './domain/address-pool.ts';
import type { NetworkStatus } from './domain/get-network-status.ts';
import {
  type Changes,
  type Lease,
  NETWORK_MODES,
  type NetworkMode,
  type Wish,
  wiringOf,
} from './domain/lease.ts';

const MODES: Readonly<Record<NetworkMode, NetworkModeMessage>> = {
  bridge: NetworkModeMessage.BRIDGE,
  user: NetworkModeMessage.USER,
  none: NetworkModeMessage.NONE,
};

export function toLeaseMessage(lease: Lease, pool: AddressPool): LeaseMessage {
  return {
    vmId: lease.vm,
    vmName: lease.name,
    mode: MODES[lease.mode],
    ...wiringOf(lease, pool),
    nat: lease.nat,
    peers: lease.peers,
    attached: lease.state === 'attached',
    tapIndex: 'tapIndex' in lease ? lease.tapIndex : 0,
  };
}

export function parseWish({ vmId, vmName, mode, nat, peers }: AcquireLeaseRequest): Wish {
  return { vm: parseVmId(vmId), name: parseVmName(vmName), mode: parseMode(mode), nat, peers };
}

export function parseChanges({ vmName, nat, peers }: SetLeaseRequest): Changes {
  return {
    ...(vmName === undefined ? {} : { name: parseVmName(vmName) }),
    ...(nat === undefined ? {} : { nat }),
    ...(peers === undefined ? {} : { peers }),
  };
}

export function toStatusMessage(status: NetworkStatus): GetNetworkStatusResponse {
  return {
    ...status,
    modes: status.modes.map(({ mode, ...rest }) => ({ mode: MODES[mode], ...rest })),
  };
}

function parseMode(mode: NetworkModeMessage): NetworkMode {
  const found = NETWORK_MODES.find((known) => MODES[known] === mode);
  if (found !== undefined) return found;
  throw new BangerError('INVALID_FIELD', 'the mode is none of bridge, user and none', {
    metadata: { field: 'mode' },
  });
}
