import { chmodSync, chownSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readAccounts } from '#kit/accounts.ts';
import { rootCallers } from '#kit/admission.ts';
import { openDeviceAddresses } from '#kit/device-address.ts';
import { openDeviceLinks } from '#kit/device-link.ts';
import { openNftables } from '#kit/nftables.ts';
import { socketPath } from '#kit/paths.ts';
import type { Peer } from '#kit/peer.ts';
import { programRoot } from '#kit/program.ts';
import { runService } from '#kit/service.ts';
import { callerOf } from './callers.ts';
import { checkHost } from './checks/check-host.ts';
import { readRootdConfig } from './config.ts';
import type { Kernel } from './host/kernel.ts';
import { buildJail } from './jail/build.ts';
import { createRuleChanges } from './network/rule-changes.ts';
import { rootService } from './rpc.ts';
import { createTurns } from './turns.ts';
import { openVmms } from './vmm/vmms.ts';

const JAIL = {
  sources: join(programRoot(), 'services/rootd/jail'),
  built: join(programRoot(), 'dist'),
};

await runService('rootd', async (service) => {
  const { paths } = service;
  const { uids, gid } = rootCallers(service);
  const runtime = dirname(socketPath(paths, 'rootd'));
  // Its callers may pass through to the socket; what else lies in the folder is root's alone.
  chownSync(runtime, 0, gid);
  chmodSync(runtime, 0o710);
  const vmms = openVmms({
    settings: readRootdConfig(paths.config),
    state: paths.state,
    runtime,
    buildJail: (signal) => buildJail(JAIL, signal),
  });
  const kernel: Kernel = {
    nft: openNftables(),
    linkOf: openDeviceLinks(),
    addressOf: openDeviceAddresses(),
  };
  const turns = createTurns();
  const changes = createRuleChanges(kernel.nft, turns.network);
  const isAnyCaller = ({ uid }: Peer) =>
    uid === 0 || uids.vmd.includes(uid) || uids.netd.includes(uid);
  return {
    rpcs: [rootService({ kernel, changes, vmms, turns })],
    facts: {
      schemaVersion: 0,
      checkHost: (call) => checkHost(call, { kernel, vmms, accounts: readAccounts() }),
    },
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
