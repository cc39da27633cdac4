import { BangerError } from '#kit/errors.ts';
import { NetworkMode as NetworkModeMessage } from '#proto/banger/v1/types.ts';
import type { NetworkMode } from '../domain/vm.ts';

const MESSAGES: Readonly<Record<NetworkMode, NetworkModeMessage>> = {
  bridge: NetworkModeMessage.BRIDGE,
  user: NetworkModeMessage.USER,
  none: NetworkModeMessage.NONE,
};

export function toNetworkMode(mode: NetworkMode): NetworkModeMessage {
  return MESSAGES[mode];
}

/** Unspecified is for whoever reads it to mind: absent, not a mode. */
export function findNetworkMode(message: NetworkModeMessage): NetworkMode | undefined {
  if (message === NetworkModeMessage.UNSPECIFIED) return undefined;
  return fromNetworkMode(message);
}

export function fromNetworkMode(message: NetworkModeMessage): NetworkMode {
  const found = (Object.keys(MESSAGES) as NetworkMode[]).find((mode) => MESSAGES[mode] === message);
  if (found !== undefined) return found;
  throw new BangerError('INVALID_FIELD', `network mode ${message} is not known here`, {
    metadata: { field: 'network' },
  });
}
