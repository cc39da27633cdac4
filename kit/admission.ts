import { findAccount, findGroup, isMember } from './accounts.ts';
import { BangerError } from './errors.ts';
import { LOCAL_ACCOUNT } from './paths.ts';
import type { Peer } from './peer.ts';
import type { Service } from './service.ts';

/** The group whose members may use an installed banger. */
const USERS_GROUP = 'banger';
/** The group of the two services that rootd listens to. */
const ROOT_GROUP = 'banger-root';

export type Admission = {
  admits(peer: Peer): boolean;
  socket: { mode: number; gid?: number };
};

/** Who may connect to vmd, imaged and netd: root, the services themselves, and the people they serve. */
export function admitUsers(service: Service, ownUid: number): Admission {
  if (service.paths.mode === 'local') {
    const admitted = [0, ownUid, service.owner];
    return { admits: ({ uid }) => admitted.includes(uid), socket: { mode: 0o660 } };
  }
  const group = findGroup(USERS_GROUP);
  if (group === undefined) {
    throw new BangerError(
      'HOST_NOT_READY',
      `there is no group "${USERS_GROUP}"; create it with: groupadd --system ${USERS_GROUP}`,
    );
  }
  const services = uidsOf(['banger-vmd', 'banger-imaged', 'banger-netd']);
  return {
    admits: ({ uid, gid }) => {
      if (uid === 0 || services.includes(uid)) return true;
      const current = findGroup(USERS_GROUP);
      return current !== undefined && isMember(uid, gid, current);
    },
    socket: { mode: 0o660, gid: group.gid },
  };
}

export type RootCallers = {
  /** By the name they are known under in root.proto. */
  uids: { vmd: readonly number[]; netd: readonly number[] };
  /** Group that the socket file is open to; both callers are in it. */
  gid: number;
};

export function rootCallers(service: Service): RootCallers {
  if (service.paths.mode === 'local') {
    const account = findAccount(LOCAL_ACCOUNT);
    const uids = uidsOf([LOCAL_ACCOUNT]);
    return { uids: { vmd: uids, netd: uids }, gid: account?.gid ?? 0 };
  }
  const group = findGroup(ROOT_GROUP);
  return {
    uids: { vmd: uidsOf(['banger-vmd']), netd: uidsOf(['banger-netd']) },
    gid: group?.gid ?? 0,
  };
}

function uidsOf(names: readonly string[]): number[] {
  return names.flatMap((name) => findAccount(name)?.uid ?? []);
}
