import { rootCallers } from '#kit/admission.ts';
import type { Peer } from '#kit/peer.ts';
import { runService } from '#kit/service.ts';
import { callerOf } from './callers.ts';
import { rootService } from './rpc.ts';

await runService('rootd', async (service) => {
  const { uids, gid } = rootCallers(service);
  const isAnyCaller = ({ uid }: Peer) =>
    uid === 0 || uids.vmd.includes(uid) || uids.netd.includes(uid);
  return {
    rpcs: [rootService()],
    facts: { schemaVersion: 0, checkHost: async () => [] },
    socket: { mode: 0o660, gid },
    admits: isAnyCaller,
    /** Root itself may look (health, reflection, information) but has no use for a root operation. */
    allows(method, peer) {
      const caller = callerOf(method);
      return caller === undefined
        ? !method.startsWith('/banger.v1.RootService/')
        : uids[caller].includes(peer.uid);
    },
  };
});
