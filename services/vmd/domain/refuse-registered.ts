import { BangerError } from '#kit/errors.ts';
import type { KnownImage } from './ports.ts';
import type { NetworkMode } from './vm.ts';

/**
 * A machine on the bridge is started by rootd, which opens nothing but what lies in the stores: a request to it carries
 * ids and never a path, so the path of a registered disk cannot reach it.
 */
export function refuseRegistered({ name, isManaged }: KnownImage, network: NetworkMode): void {
  if (isManaged || network !== 'bridge') return;
  throw new BangerError(
    'FEATURE_UNSUPPORTED',
    `image "${name}" is only registered, and a vm on the bridge starts from banger's own store; copy it there with "banger image promote ${name}" and create the vm from that, or choose --network user`,
    { metadata: { image: name, network } },
  );
}
