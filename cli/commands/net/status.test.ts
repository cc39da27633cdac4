import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import {
  type GetNetworkStatusResponse,
  Lease,
  GetNetworkStatusResponse as Status,
} from '#proto/banger/v1/network.ts';
import { NetworkMode } from '#proto/banger/v1/types.ts';
import type { Context } from '../../context.ts';
import { createOutput } from '../../output/output.ts';
import { status } from './status.ts';

const NETWORK = Status.fromPartial({
  modes: [
    { mode: NetworkMode.BRIDGE, available: true, reason: '' },
    { mode: NetworkMode.USER, available: true, reason: '' },
  ],
  bridge: {
    ...{ name: 'br-banger', address: '172.30.0.1/16', uplink: 'eth0' },
    ...{ addressesTotal: 65_533, addressesLeased: 1, tapsReady: 31, tapsUsed: 1, vmsWithRules: 1 },
  },
  dns: { address: '127.0.0.1:42069', names: 1, questions: 12, resolverRouted: false },
});
const WEB = Lease.fromPartial({
  ...{ vmName: 'web', mode: NetworkMode.BRIDGE, address: '172.30.0.2', tap: 'bgtap-0' },
  ...{ nat: true, attached: true },
});

/** What the command prints, and its exit code. */
async function run(network: GetNetworkStatusResponse, { json = false } = {}) {
  const stdout = new PassThrough();
  const out = createOutput(
    {
      stdout: stdout as unknown as NodeJS.WriteStream,
      stderr: new PassThrough() as unknown as NodeJS.WriteStream,
    },
    { json, quiet: false, color: false },
  );
  const netd = {
    getNetworkStatus: async () => network,
    listLeases: async () => ({ leases: [WEB] }),
  };
  const context = { clients: { of: () => netd }, out, signal: new AbortController().signal };
  const code = await status.run(context as unknown as Context, {
    arguments: [],
    options: {},
    rest: undefined,
  });
  stdout.end();
  return { code, said: await text(stdout) };
}

test('bridge, pool, taps, rules, names and leases are told', async () => {
  const { code, said } = await run(NETWORK);
  assert.equal(code, 0);
  for (const line of [
    /^mode bridge +works$/m,
    /^bridge +br-banger has 172\.30\.0\.1\/16; nat leaves by eth0$/m,
    /^pool +1 of 65533 addresses leased$/m,
    /^taps +31 ready, 1 leased$/m,
    /^rules +in the kernel for 1; IPv6 is closed$/m,
    /^dns +on 127\.0\.0\.1:42069, names: 1, questions: 12; /m,
    /^web +bridge +172\.30\.0\.2 +bgtap-0 +yes +no +yes$/m,
  ]) {
    assert.match(said, line);
  }
});

test('where the kernel disagrees, that is told and the status is 1', async () => {
  const text = 'rules of vm "0000000000000001" are none by the records; the kernel has some';
  const { code, said } = await run({ ...NETWORK, disagreements: [text] });
  assert.equal(code, 1);
  assert.match(said, /^disagrees +rules of vm "0000000000000001" are none/m);
});

test('without a bridge it is said why', async () => {
  const reason = 'rootd does not run; start it with: banger daemon start --bridge';
  const modes = [{ mode: NetworkMode.BRIDGE, available: false, reason }];
  const { code, said } = await run({ ...NETWORK, modes, bridge: undefined, dns: undefined });
  assert.equal(code, 0);
  assert.match(said, /^mode bridge +does not work: rootd does not run; start it/m);
  assert.doesNotMatch(said, /^pool/m);
  assert.match(said, /^dns +off$/m);
});

test('json has everything, with modes as people write them', async () => {
  const { said } = await run(NETWORK, { json: true });
  const told = JSON.parse(said);
  assert.deepEqual(told.modes[0], { mode: 'bridge', available: true, reason: '' });
  assert.deepEqual(
    [told.bridge.addressesTotal, told.leases[0].mode, told.disagreements],
    [65_533, 'bridge', []],
  );
});
