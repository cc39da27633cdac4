import type { WithCall } from '#kit/call-middleware.ts';
import type { Rpc } from '#kit/rpc.ts';
import { RootServiceDefinition, type RootServiceImplementation } from '#proto/banger/v1/root.ts';
import * as applyRules from './ops/apply-rules.ts';
import * as clearBridge from './ops/clear-bridge.ts';
import * as clearResolver from './ops/clear-resolver.ts';
import * as clearRules from './ops/clear-rules.ts';
import * as createTaps from './ops/create-taps.ts';
import * as deleteTaps from './ops/delete-taps.ts';
import * as describeVmm from './ops/describe-vmm.ts';
import * as ensureBridge from './ops/ensure-bridge.ts';
import * as launchVmm from './ops/launch-vmm.ts';
import * as listRules from './ops/list-rules.ts';
import * as listTaps from './ops/list-taps.ts';
import * as listVmms from './ops/list-vmms.ts';
import * as reapVmm from './ops/reap-vmm.ts';
import * as setResolver from './ops/set-resolver.ts';
import * as signalVmm from './ops/signal-vmm.ts';
import type { Turns } from './turns.ts';

type Root = RootServiceImplementation<WithCall>;
type Kernel = Parameters<typeof applyRules.run>[0]['kernel'];
type RuleChanges = Parameters<typeof applyRules.run>[0]['changes'];
type Vmms = Parameters<typeof launchVmm.run>[0]['vmms'];

type NetworkParts = { kernel: Kernel; changes: RuleChanges; turns: Turns };
export type RootParts = NetworkParts & { vmms: Vmms };

/** Every method parses before it waits for its turn, so that nonsense is refused at once. */
export function rootService(parts: RootParts): Rpc {
  const { vmms, turns } = parts;
  const implementation = { ...network(parts), ...machines(vmms, turns) } satisfies Root;
  return { definition: RootServiceDefinition, implementation };
}

function network({ kernel, changes, turns: { network: inTurn } }: NetworkParts) {
  return {
    async ensureBridge(request, { call }) {
      const input = ensureBridge.parse(request);
      await inTurn(call, () => ensureBridge.run({ call, kernel }, input));
      return {};
    },
    async clearBridge(request, { call }) {
      const input = clearBridge.parse(request);
      await inTurn(call, () => clearBridge.run({ call, kernel }, input));
      return {};
    },
    async createTaps(request, { call }) {
      const input = createTaps.parse(request);
      return { taps: await inTurn(call, () => createTaps.run({ call }, input)) };
    },
    async deleteTaps(request, { call }) {
      const input = deleteTaps.parse(request);
      await inTurn(call, () => deleteTaps.run({ call }, input));
      return {};
    },
    async listTaps(request, { call }) {
      const { taps, bridges } = await listTaps.run({ call }, listTaps.parse(request));
      return { taps, bridges: bridges.map(({ name, subnet }) => ({ name, ...subnet })) };
    },
    async applyRules(request, { call }) {
      const input = applyRules.parse(request);
      await applyRules.run({ call, kernel, changes }, input);
      return {};
    },
    async clearRules(request, { call }) {
      const input = clearRules.parse(request);
      await clearRules.run({ call, kernel, changes }, input);
      return {};
    },
    listRules: async (request, { call }) => ({
      rules: await listRules.run({ call, kernel }, listRules.parse(request)),
    }),
    async setResolver(request, { call }) {
      const input = setResolver.parse(request);
      return { routed: await inTurn(call, () => setResolver.run({ call }, input)) };
    },
    async clearResolver(request, { call }) {
      const input = clearResolver.parse(request);
      await inTurn(call, () => clearResolver.run({ call }, input));
      return {};
    },
  } satisfies Partial<Root>;
}

function machines(vmms: Vmms, turns: Turns) {
  return {
    async launchVmm(request, { call }) {
      const input = launchVmm.parse(request);
      const launch = () => launchVmm.run({ call, vmms }, input);
      return { vmm: await turns.vmm(call, input.vmId, launch) };
    },
    describeVmm: async (request, { call }) => ({
      vmm: await describeVmm.run({ call, vmms }, describeVmm.parse(request)),
    }),
    listVmms: async (request, { call }) => ({
      vmms: await listVmms.run({ call, vmms }, listVmms.parse(request)),
    }),
    async signalVmm(request, { call }) {
      const input = signalVmm.parse(request);
      await turns.vmm(call, input.vmId, () => signalVmm.run({ call, vmms }, input));
      return {};
    },
    async reapVmm(request, { call }) {
      const input = reapVmm.parse(request);
      await turns.vmm(call, input.vmId, () => reapVmm.run({ call, vmms }, input));
      return {};
    },
  } satisfies Partial<Root>;
}
