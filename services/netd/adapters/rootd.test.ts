import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { WithCall } from '#kit/call-middleware.ts';
import { BangerError } from '#kit/errors.ts';
import { macOf, parseIpv4 } from '#kit/ipv4.ts';
import { loadLibc } from '#kit/libc.ts';
import { createMetrics } from '#kit/metrics.ts';
import { startServer } from '#kit/server.ts';
import { callOf } from '#kit/testing/call-of.ts';
import { failsWith } from '#kit/testing/fails-with.ts';
import { recordedLog } from '#kit/testing/recorded-log.ts';
import { temporaryFolder } from '#kit/testing/temporary-folder.ts';
import { RootServiceDefinition, type RootServiceImplementation } from '#proto/banger/v1/root.ts';
import { configOf, vmId } from '../testing/netd-lab.ts';
import { connectRootd } from './rootd.ts';

/** A rootd that writes down what it is asked and answers what it is told, over a real socket. */
async function startRootd(
  t: TestContext,
  implementation: Partial<RootServiceImplementation<WithCall>> = {},
) {
  const socket = join(temporaryFolder(t), 'rootd.sock');
  const asked: unknown[] = [];
  const note = (name: string) => async (request: object) => {
    asked.push([name, { ...request }]);
    return {};
  };
  const names = Object.keys(RootServiceDefinition.methods);
  const noting = Object.fromEntries(names.map((name) => [name, note(name)]));
  const server = await startServer({
    socket: { path: socket, mode: 0o600 },
    rpcs: [{ definition: RootServiceDefinition, implementation: { ...noting, ...implementation } }],
    log: recordedLog().log,
    metrics: createMetrics('rootd'),
    libc: loadLibc(),
    admits: () => true,
    allows: () => true,
  });
  const rootd = connectRootd(socket, configOf());
  t.after(async () => {
    rootd.close();
    await server.drain(0);
  });
  return { rootd, asked };
}

const ADDRESS = parseIpv4('172.30.0.2');
const RULES = { tapIndex: 4, address: ADDRESS, mac: macOf(ADDRESS), nat: true, peers: false };

test('what is asked of rootd carries the configured bridge, network and port', async (t) => {
  const { rootd, asked } = await startRootd(t);
  const call = callOf();
  await rootd.ensureBridge(call);
  await rootd.applyRules(call, { vm: vmId(1), ...RULES });
  await rootd.clearRules(call, vmId(1));
  await rootd.routeResolver(call, 5300);
  const bridge = 'br-banger';
  assert.deepEqual(asked, [
    ['ensureBridge', { bridge, address: '172.30.0.1', prefixLength: 16 }],
    ['applyRules', { bridge, dnsPort: 42_069, rules: { vmId: vmId(1), ...RULES } }],
    ['clearRules', { vmId: vmId(1) }],
    ['setResolver', { bridge, dnsPort: 5300 }],
  ]);
});

test('many taps are asked for in as many calls as rootd wants, none in none', async (t) => {
  const sizes: number[] = [];
  const { rootd, asked } = await startRootd(t, {
    createTaps: async ({ indexes }) => {
      sizes.push(indexes.length);
      const taps = indexes.map((index) => ({ index, name: `bgtap-${index}` }));
      return { taps: taps.filter(({ index }) => index !== 5) };
    },
  });
  const wanted = Array.from({ length: 600 }, (_, index) => index);
  const made = await rootd.createTaps(callOf(), wanted);
  assert.deepEqual(sizes, [256, 256, 88]);
  assert.deepEqual(
    made,
    wanted.filter((index) => index !== 5),
  );
  await rootd.deleteTaps(callOf(), []);
  assert.deepEqual(asked, []);
});

test('the kernel is read as rootd has it', async (t) => {
  const { rootd } = await startRootd(t, {
    listTaps: async () => ({
      taps: [
        { index: 1, name: 'bgtap-1', up: true, attached: true, inUse: true, bridge: 'br-banger' },
        {
          index: 2,
          name: 'bgtap-2',
          up: true,
          attached: true,
          inUse: false,
          bridge: 'br-banger-2',
        },
      ],
      bridges: [
        { name: 'br-banger', address: '172.30.0.1', prefixLength: 16 },
        { name: 'br-banger-x', address: '', prefixLength: 0 },
      ],
    }),
    listRules: async () => ({ rules: [{ vmId: vmId(1), ...RULES }] }),
  });
  assert.deepEqual(await rootd.read(callOf()), {
    taps: [
      { index: 1, sound: true, inUse: true },
      { index: 2, sound: false, inUse: false },
    ],
    bridges: [
      { name: 'br-banger', subnet: { address: '172.30.0.1', prefixLength: 16 } },
      { name: 'br-banger-x', subnet: undefined },
    ],
    rules: [{ vm: vmId(1), ...RULES }],
  });
});

test('a refusal of rootd arrives as the error it was, and its own doctor rows come along', async (t) => {
  const { rootd } = await startRootd(t, {
    ensureBridge: async () => {
      throw new BangerError('OPERATION_REFUSED', 'device "br-banger" is not a bridge');
    },
  });
  await assert.rejects(
    () => rootd.ensureBridge(callOf()),
    failsWith('OPERATION_REFUSED', /^device "br-banger" is not a bridge$/),
  );
});

test('without a socket nobody is present', (t) => {
  const rootd = connectRootd(join(temporaryFolder(t), 'rootd.sock'), configOf());
  assert.equal(rootd.isPresent(), false);
});
