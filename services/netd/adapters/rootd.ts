import { statSync } from 'node:fs';
import type { Call } from '#kit/call.ts';
import { type CallOptions, type Client, createClient } from '#kit/client.ts';
import { openConnection } from '#kit/connection.ts';
import type { HostCheck } from '#kit/host-check.ts';
import { type Mac, parseIpv4 } from '#kit/ipv4.ts';
import { parseVmId } from '#kit/names.ts';
import { HostCheckStatus, InfoServiceDefinition } from '#proto/banger/v1/info.ts';
import {
  RootServiceDefinition,
  type Tap as TapMessage,
  type VmRules as VmRulesMessage,
} from '#proto/banger/v1/root.ts';
import type { HostNetwork, KernelState, KernelTap, NetworkConfig } from '../domain/ports.ts';
import type { VmRules } from '../domain/rules.ts';

/** Long enough for a rootd that is just restarting, short enough that a caller learns of one that is gone. */
const PATIENCE_MS = 2000;
const TIMEOUT_MS = 15_000;
/** As many taps as rootd takes in one call. */
const MOST_TAPS = 256;

export type Rootd = HostNetwork & { close(): void };

/** The privileged half, in the process that has the privileges. */
export function connectRootd(socket: string, config: NetworkConfig): Rootd {
  const connection = openConnection({ socket, service: 'rootd', patienceMs: PATIENCE_MS });
  const root = createClient(RootServiceDefinition, connection);
  const info = createClient(InfoServiceDefinition, connection);
  const { bridge, pool, guestDnsPort } = config;
  return {
    isPresent: () => isPresent(socket),
    read: (call) => readKernel(root, bridge, call),
    async ensureBridge(call) {
      const { prefixLength } = pool.subnet;
      await root.ensureBridge({ bridge, address: pool.gateway, prefixLength }, options(call));
    },
    async clearBridge(call) {
      await root.clearBridge({ bridge }, options(call));
    },
    async createTaps(call, indexes) {
      const made = await inBatches(indexes, (batch) =>
        root.createTaps({ bridge, indexes: batch }, options(call)),
      );
      return made.flatMap(({ taps }) => taps.map(({ index }) => index));
    },
    async deleteTaps(call, indexes) {
      await inBatches(indexes, (batch) => root.deleteTaps({ indexes: batch }, options(call)));
    },
    async applyRules(call, rules) {
      const message = { bridge, rules: toMessage(rules), dnsPort: guestDnsPort };
      await root.applyRules(message, options(call));
    },
    async clearRules(call, vm) {
      await root.clearRules({ vmId: vm }, options(call));
    },
    async routeResolver(call, dnsPort) {
      return (await root.setResolver({ bridge, dnsPort }, options(call))).routed;
    },
    async unrouteResolver(call) {
      await root.clearResolver({ bridge }, options(call));
    },
    async checkHost(call) {
      return (await info.checkHost({}, options(call))).checks.map(toHostCheck);
    },
    close: () => connection.close(),
  };
}

function isPresent(socket: string): boolean {
  try {
    return statSync(socket, { throwIfNoEntry: false }) !== undefined;
  } catch {
    // A folder that we may not enter hides a rootd; connecting says what is wrong.
    return true;
  }
}

async function readKernel(
  root: Client<typeof RootServiceDefinition>,
  bridge: string,
  call: Call,
): Promise<KernelState> {
  const [{ taps, bridges }, { rules }] = await Promise.all([
    root.listTaps({}, options(call)),
    root.listRules({}, options(call)),
  ]);
  return {
    taps: taps.map((tap) => toKernelTap(tap, bridge)),
    bridges: bridges.map(({ name, address, prefixLength }) => ({
      name,
      subnet: address === '' ? undefined : { address: parseIpv4(address), prefixLength },
    })),
    rules: rules.map(fromMessage),
  };
}

function options({ signal, opId }: Call): CallOptions {
  return { signal, opId, timeoutMs: TIMEOUT_MS };
}

async function inBatches<Answer>(
  indexes: readonly number[],
  send: (batch: number[]) => Promise<Answer>,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let from = 0; from < indexes.length; from += MOST_TAPS) {
    answers.push(await send(indexes.slice(from, from + MOST_TAPS)));
  }
  return answers;
}

function toKernelTap({ index, up, bridge, inUse }: TapMessage, ours: string): KernelTap {
  return { index, sound: up && bridge === ours, inUse };
}

function toMessage({ vm, ...rules }: VmRules): VmRulesMessage {
  return { vmId: vm, ...rules };
}

function fromMessage({ vmId, address, mac, ...rest }: VmRulesMessage): VmRules {
  return { vm: parseVmId(vmId), address: parseIpv4(address), mac: mac as Mac, ...rest };
}

const STATUS = new Map<HostCheckStatus, HostCheck['status']>([
  [HostCheckStatus.PASS, 'pass'],
  [HostCheckStatus.WARN, 'warn'],
  [HostCheckStatus.FAIL, 'fail'],
]);

function toHostCheck({
  status,
  ...check
}: Omit<HostCheck, 'status'> & { status: HostCheckStatus }) {
  return { ...check, status: STATUS.get(status) ?? 'warn' };
}
