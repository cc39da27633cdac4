import { findAccount } from '#kit/accounts.ts';
import type { Paths } from '#kit/paths.ts';
import type { Peer } from '#kit/peer.ts';
import { NetworkServiceDefinition } from '#proto/banger/v1/network.ts';

const { fullName, methods } = NetworkServiceDefinition;

/** What changes nothing is for everybody who is admitted, as are the services that every process has. */
const FOR_EVERYBODY = [methods.listLeases, methods.getNetworkStatus].map(
  ({ name }) => `/${fullName}/${name}`,
);

/**
 * Leases are vmd's business: whoever could release one would cut a VM off, or hand its address to another. In
 * local mode all services are one user's.
 */
export function leaseRules(paths: Paths, ownUid: number): (method: string, peer: Peer) => boolean {
  const vmd = paths.mode === 'installed' ? findAccount('banger-vmd')?.uid : undefined;
  return (method, { uid }) =>
    paths.mode === 'local' ||
    !method.startsWith(`/${fullName}/`) ||
    FOR_EVERYBODY.includes(method) ||
    [0, ownUid, vmd].includes(uid);
}
