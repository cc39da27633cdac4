import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownNumber, prepareNamespaces } from '#kit/testing/own-namespaces.ts';
import { until } from '#kit/testing/until.ts';
import { LaunchVmmResponse, ListVmmsResponse, type Vmm } from '#proto/banger/v1/root.ts';
import { findCgroupMount } from '../vmm/cgroup.ts';
import { honestRequests } from './hostile-values.ts';
import { tool } from './network-lab.ts';
import type { Answered } from './root-caller.ts';
import {
  type Caller,
  installBanger,
  NETD_UID,
  STRANGER_UID,
  startCaller,
  startRootd,
} from './rootd-process.ts';
import { makeState, VMD_UID } from './vm-state.ts';

export const VM_ID = 'aaaaaaaaaaaaaaaa';
/** Another VM that runs all the time and that no request is about. */
export const BYSTANDER = 'eeeeeeeeeeeeeeee';
export const BYSTANDERS_RULES = {
  ...{ vmId: BYSTANDER, tapIndex: 3, address: '172.30.0.33', mac: '02:00:ac:1e:00:33' },
  ...{ nat: false, peers: false },
};
const RESOLVER_LOG = '/run/resolvectl.log';

export type HostileLab = AsyncDisposable & {
  readonly callers: Readonly<Record<'vmd' | 'netd' | 'root' | 'stranger', Caller>>;
  /** What rootd logged so far. */
  readonly log: readonly Readonly<Record<string, unknown>>[];
  /** Folders in which nothing may change but what is a VM's own. */
  readonly folders: readonly string[];
  readonly state: string;
  readonly bystander: Vmm;
  /** Processes that are nobody's VMM. */
  readonly victims: readonly ChildProcess[];
  /** What rootd had resolvectl do. */
  resolverCalls(): string[];
};

/** A host full of other people's things, a rootd, and everybody who may or may not call it. */
export async function openHostileLab(): Promise<HostileLab> {
  await using running = new AsyncDisposableStack();
  await prepareNamespaces();
  await makeVictims();
  const victims = [0, VMD_UID, STRANGER_UID].map((uid) =>
    spawn('sleep', ['600'], { uid, gid: uid }),
  );
  running.defer(() => void victims.map((victim) => victim.kill()));
  const ending = { after: (end: () => unknown) => running.defer(() => void end()) };
  const { base, state } = makeState(ending, [VM_ID, BYSTANDER]);
  await installBanger(await buildIdleVmm());
  const rootd = await startRootd(state);
  running.defer(() => rootd.stop());
  const callers = {
    vmd: startCaller(VMD_UID),
    netd: startCaller(NETD_UID),
    root: startCaller(0, 0),
    stranger: startCaller(STRANGER_UID),
  };
  for (const caller of Object.values(callers)) running.defer(() => caller.stop());
  running.defer(() => endVmms(callers.vmd));
  const bystander = await prepareOwn(callers);
  const kept = running.move();
  return {
    ...{ callers, log: rootd.log, folders: [base, '/run/treasure'], state, bystander, victims },
    resolverCalls: () => readFileSync(RESOLVER_LOG, 'utf8').trim().split('\n'),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** Devices, routes, rules, files and a resolver that are not banger's, some with names much like its own. */
async function makeVictims(): Promise<void> {
  // Rules with NAT turn this on, and the kernel changes other settings with it; so it is on before.
  writeFileSync('/proc/sys/net/ipv4/ip_forward', '1');
  for (const line of [
    'link add victim0 type veth peer name victim2',
    'link add victim-br type bridge',
    'link add bgtap-7 type veth peer name victim1',
    'link add br-banger-abc type veth peer name victim3',
    'link set dev victim1 master victim-br',
    'addr add 10.9.0.1/16 dev victim0',
    'link set dev victim0 up',
    'neigh add 10.9.0.2 lladdr 02:00:00:00:00:02 dev victim0 nud permanent',
    'route add 192.168.77.0/24 dev victim0',
  ]) {
    await tool('ip', ...line.split(' '));
  }
  await tool('nft', 'add table inet victim');
  await tool('nft', 'add chain inet victim input { type filter hook input priority 5; }');
  await tool('nft', 'add rule inet victim input tcp dport 23 drop');
  mkdirSync('/run/treasure');
  writeFileSync('/run/treasure/secret', 'nobody but root', { mode: 0o600 });
  mkdirSync('/run/systemd/resolve', { recursive: true });
  writeFileSync('/run/systemd/resolve/io.systemd.Resolve', '');
  await tool('mount', '-t', 'tmpfs', 'tmpfs', '/usr/local/sbin');
  writeFileSync('/usr/local/sbin/resolvectl', `#!/bin/sh\necho "$@" >> ${RESOLVER_LOG}\n`);
  chmodSync('/usr/local/sbin/resolvectl', 0o755);
  writeFileSync(RESOLVER_LOG, '');
}

/** Stands for QEMU: runs in the same jail, and does nothing there until it is ended. */
export async function buildIdleVmm(): Promise<string> {
  const source = '/run/idle.c';
  writeFileSync(source, '#include <unistd.h>\nint main(void) { return pause(); }\n');
  await tool('gcc', '-static', '-o', '/run/idle-vmm', source);
  return '/run/idle-vmm';
}

async function prepareOwn({ vmd, netd }: HostileLab['callers']): Promise<Vmm> {
  const honest = honestRequests(BYSTANDER);
  const { bridge, dnsPort } = { bridge: 'br-banger', dnsPort: 42_053 };
  accepted(await netd.call('ensureBridge', honest.ensureBridge));
  accepted(await netd.call('createTaps', { bridge, indexes: [1, 2, 3] }));
  accepted(await netd.call('applyRules', { bridge, dnsPort, rules: BYSTANDERS_RULES }));
  const { tapIndex, mac } = BYSTANDERS_RULES;
  const launched = await vmd.call('launchVmm', { ...honest.launchVmm, tapIndex, mac });
  const { vmm } = LaunchVmmResponse.decode(accepted(launched));
  if (vmm === undefined) throw new Error('the bystander was not launched');
  return vmm;
}

/** The answer's bytes; throws for a refusal. */
export function accepted({ body, reason, message }: Answered): Buffer {
  if (body === undefined) throw new Error(`${reason}: ${message}`);
  return Buffer.from(body, 'base64');
}

/** Ends every VMM that rootd has, and what it leaves. */
export async function endVmms(vmd: Caller): Promise<void> {
  const list = async () => {
    const { vmms } = ListVmmsResponse.decode(accepted(await vmd.call('listVmms', {})));
    return vmms;
  };
  const all = await list();
  for (const { vmId } of all) await vmd.call('signalVmm', { vmId, signal: 'VMM_SIGNAL_KILL' });
  await until(async () => (await list()).length === 0);
  for (const vmId of [VM_ID, BYSTANDER]) accepted(await vmd.call('reapVmm', { vmId }));
  const group = join(findCgroupMount() ?? '/nonexistent', `banger-test-${ownNumber()}`);
  if (existsSync(group)) rmdirSync(group);
}
