import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { inOwnNamespaces } from '#kit/testing/own-namespaces.ts';
import { DescribeVmmResponse, ListRulesResponse } from '#proto/banger/v1/root.ts';
import { callerOf } from './callers.ts';
import { snapshotHost } from './testing/host-snapshot.ts';
import {
  accepted,
  BYSTANDER,
  BYSTANDERS_RULES,
  type HostileLab,
  openHostileLab,
  VM_ID,
} from './testing/hostile-lab.ts';
import {
  createDice,
  garble,
  honestRequests,
  mutateAll,
  mutations,
} from './testing/hostile-values.ts';
import { tool } from './testing/network-lab.ts';
import type { Answered } from './testing/root-caller.ts';
import { type Caller, encode, pathOf, type RootMethod } from './testing/rootd-process.ts';

const HONEST = honestRequests(VM_ID);
const METHODS = Object.keys(HONEST) as RootMethod[];
const AT_ONCE = 16;
/** What rootd says when it refuses; anything else would be a defect of its own. */
const REFUSALS: readonly (string | undefined)[] = [
  ...['INVALID_FIELD', 'INVALID_NAME', 'INVALID_REFERENCE', 'INVALID_SIZE', 'OPERATION_REFUSED'],
  ...['HOST_NOT_READY', 'VM_RUNNING', 'VM_NOT_RUNNING', 'COMMAND_FAILED', undefined],
];

inOwnNamespaces(import.meta.url, () => {
  let lab: HostileLab;
  before(async () => {
    lab = await openHostileLab();
  });
  after(() => lab[Symbol.asyncDispose]());

  const properCaller = (method: RootMethod): Caller =>
    lab.callers[callerOf(pathOf(method)) ?? 'root'];

  /** Runs requests and shows that nothing of anybody else changed by them. */
  async function attack(requests: Iterable<() => Promise<Answered>>): Promise<Answered[]> {
    const before = await snapshotForeign(lab);
    const answers: Answered[] = [];
    const rest = [...requests];
    while (rest.length > 0) {
      answers.push(...(await Promise.all(rest.splice(0, AT_ONCE).map((send) => send()))));
    }
    assert.deepEqual(await snapshotForeign(lab), before);
    await assertBystander(lab);
    const odd = answers.filter(({ reason }) => !REFUSALS.includes(reason));
    assert.deepEqual(odd, []);
    return answers;
  }

  for (const method of METHODS) {
    test(`every field of ${method} with every hostile value`, async () => {
      const requests = [...mutations(HONEST[method])];
      const answers = await attack(
        requests.map((request) => () => properCaller(method).call(method, request)),
      );
      const refused = answers.filter(({ reason }) => reason !== undefined);
      // Of the texts and numbers hardly one is right, and each request has at least one of them.
      assert.ok(refused.length >= requests.length / 3, `${refused.length} of ${requests.length}`);
    });
  }

  test('thousands of requests with several hostile fields at once', async () => {
    const dice = createDice(20_261_120);
    const requests = Array.from({ length: 2500 }, () => {
      const method = METHODS[dice(METHODS.length)] ?? 'listTaps';
      return { method, request: mutateAll(HONEST[method], dice) };
    });
    await attack(
      requests
        // An honest request to clear the bridge is netd's to make, and takes the bystander's rules with it.
        .filter(({ method, request }) => method !== 'clearBridge' || !isHonest(method, request))
        .map(
          ({ method, request }) =>
            () =>
              properCaller(method).call(method, request),
        ),
    );
  });

  test('bytes that are hardly a message', async () => {
    const dice = createDice(7);
    const methods = METHODS.filter((method) => method !== 'clearBridge');
    const requests = Array.from({ length: 1000 }, () => {
      const method = methods[dice(methods.length)] ?? 'listTaps';
      return { method, body: garble(encode(method, HONEST[method]), dice) };
    });
    const before = await snapshotForeign(lab);
    for (const { method, body } of requests) await properCaller(method).send(pathOf(method), body);
    assert.deepEqual(await snapshotForeign(lab), before);
    await assertBystander(lab);
  });

  test('each method is one caller and nobody else, and a refusal is logged with who, what and why', async () => {
    for (const method of METHODS) {
      const proper = properCaller(method);
      for (const [name, caller] of Object.entries(lab.callers)) {
        if (caller === proper) continue;
        const { reason, message } = await caller.call(method, HONEST[method]);
        assert.equal(reason, name === 'stranger' ? 'SERVICE_UNAVAILABLE' : 'PEER_REFUSED', message);
      }
    }
    const refusals = lab.log.filter(({ reason }) => reason === 'PEER_REFUSED');
    const { uid, method, error } = refusals[0] ?? {};
    assert.equal(typeof uid, 'number');
    assert.match(String(method), /^\/banger\.v1\.RootService\//);
    assert.match(String(error), /may not call/);
  });

  test('a request of every kind ten times at once does what it does once', async () => {
    const safe = METHODS.filter((method) => method !== 'clearBridge');
    for (const method of safe) {
      const answers = await attack(
        Array.from({ length: 10 }, () => () => properCaller(method).call(method, HONEST[method])),
      );
      const bodies = new Set(answers.map(({ body }) => body));
      if (method !== 'signalVmm') assert.equal(bodies.size, 1, method);
    }
    const taps = await tool('ip', '-br', 'link', 'show', 'type', 'tun');
    assert.deepEqual(
      taps.match(/bgtap-\d+/g)?.filter((name, index, all) => all.indexOf(name) !== index),
      [],
    );
  });

  test('no request made a tool look at anything but ours', () => {
    for (const line of lab.resolverCalls()) {
      assert.match(
        line,
        /^(default-route|domain|dns|revert) br-banger(-[a-z0-9]{1,5})?( (false|~vm|127\.0\.0\.1:\d+))?$/,
      );
    }
    for (const victim of lab.victims) assert.equal(victim.exitCode ?? victim.signalCode, null);
  });
});

/** All that is not banger's, and all that is the bystander's. */
async function snapshotForeign({ folders }: HostileLab): Promise<string[]> {
  const own = new RegExp(`/vmd/vms/${VM_ID}(/(initrd|vmm\\.log|\\w+\\.sock))? `);
  const lines = await snapshotHost(folders);
  return lines.filter((line) => !own.test(line));
}

async function assertBystander({ callers, bystander }: HostileLab): Promise<void> {
  const described = await callers.vmd.call('describeVmm', { vmId: BYSTANDER });
  assert.deepEqual(DescribeVmmResponse.decode(accepted(described)).vmm, bystander);
  const { rules } = ListRulesResponse.decode(accepted(await callers.netd.call('listRules', {})));
  assert.deepEqual(
    rules.filter(({ vmId }) => vmId === BYSTANDER),
    [BYSTANDERS_RULES],
  );
}

function isHonest(method: RootMethod, request: object): boolean {
  return JSON.stringify(request) === JSON.stringify(HONEST[method]);
}
