import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BangerError } from '#kit/errors.ts';
import { type Ipv4, macOf } from '#kit/ipv4.ts';
import { parseVmId } from '#kit/names.ts';
import type { Nftables } from '#kit/nftables.ts';
import { callOf } from '#kit/testing/call-of.ts';
import { failsWith } from '#kit/testing/fails-with.ts';
import { createTurns } from '../turns.ts';
import { createRuleChanges, type PlanRules, type RulePlan } from './rule-changes.ts';
import { vmRulesOf, withRules } from './vm-rules.ts';

const call = callOf();

/** A packet filter that keeps what it was told; it refuses a transaction with "refused" in it. */
function fakeNft() {
  const transactions: string[] = [];
  let reads = 0;
  const sets = ['guests', 'peers'].map((name) => ({ set: { family: 'bridge', name } }));
  const nft: Nftables = {
    change(script) {
      if (script.includes('refused')) throw new BangerError('COMMAND_FAILED', `nft: ${script}`);
      transactions.push(script);
    },
    list: (what) => {
      reads += what.includes('bridge') ? 1 : 0;
      return { nftables: what.includes('bridge') ? sets : [] };
    },
  };
  return { nft, transactions, reads: () => reads };
}

const says =
  (line: string, rest: Partial<RulePlan> = {}): PlanRules =>
  async (sets) => ({ lines: [line], after: sets, ...rest });

test('changes that wait at the same time are one transaction, in the order in which they came', async () => {
  const { nft, transactions, reads } = fakeNft();
  const changes = createRuleChanges(nft, createTurns().network);
  const order: string[] = [];
  await Promise.all(
    ['a', 'b', 'c'].map((name) =>
      changes.make(call, says(name, { finish: async () => void order.push(name) })),
    ),
  );
  assert.deepEqual(transactions, ['a\nb\nc']);
  assert.deepEqual(order, ['a', 'b', 'c']);
  assert.equal(reads(), 1);
});

test('what comes later is a transaction of its own', async () => {
  const { nft, transactions } = fakeNft();
  const changes = createRuleChanges(nft, createTurns().network);
  await changes.make(call, says('a'));
  await changes.make(call, says('b'));
  assert.deepEqual(transactions, ['a', 'b']);
});

test('a change that is refused is not made, and the others are', async () => {
  const { nft, transactions } = fakeNft();
  const changes = createRuleChanges(nft, createTurns().network);
  const refusal = () => Promise.reject(new BangerError('OPERATION_REFUSED', 'of another vm'));
  const [first, second, third] = await Promise.allSettled([
    changes.make(call, says('a')),
    changes.make(call, refusal),
    changes.make(call, says('c')),
  ]);
  assert.deepEqual([first.status, third.status], ['fulfilled', 'fulfilled']);
  await assert.rejects(rethrow(second), failsWith('OPERATION_REFUSED', /of another vm/));
  assert.deepEqual(transactions, ['a\nc']);
});

test('when the kernel takes them not together, each is tried alone, and only the bad one fails', async () => {
  const { nft, transactions } = fakeNft();
  const changes = createRuleChanges(nft, createTurns().network);
  const results = await Promise.allSettled(
    ['a', 'refused', 'c'].map((line) => changes.make(call, says(line))),
  );
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled'],
  );
  await assert.rejects(rethrow(results[1]), failsWith('COMMAND_FAILED', /^nft: refused$/));
  assert.deepEqual(transactions, ['a', 'c']);
});

test('a change sees what those before it in the same transaction leave', async () => {
  const { nft } = fakeNft();
  const changes = createRuleChanges(nft, createTurns().network);
  const address = '172.30.0.7' as Ipv4;
  const vmId = parseVmId('aaaaaaaaaaaaaaaa');
  const grants = { nat: false, peers: true };
  const rules = { vmId, tapIndex: 3, address, mac: macOf(address), ...grants };
  const seen: unknown[] = [];
  const add: PlanRules = async (sets) => ({ lines: ['add'], after: withRules(sets, vmId, rules) });
  const clear: PlanRules = async (sets) => {
    seen.push(vmRulesOf(sets).map((each) => each.vmId));
    return { lines: ['clear'], after: withRules(sets, vmId) };
  };
  await Promise.all([add, clear, clear].map((plan) => changes.make(call, plan)));
  assert.deepEqual(seen, [[vmId], []]);
});

test('what changes more than one vm ends its transaction, and the kernel is read again', async () => {
  const { nft, transactions, reads } = fakeNft();
  const changes = createRuleChanges(nft, createTurns().network);
  const plans = [says('a', { after: undefined }), says('b'), says('c')];
  await Promise.all(plans.map((plan) => changes.make(call, plan)));
  assert.deepEqual(transactions, ['a', 'b\nc']);
  assert.equal(reads(), 2);
});

test('whoever gives up while waiting is not served, and keeps nobody waiting', async () => {
  const { nft, transactions } = fakeNft();
  const turns = createTurns();
  const changes = createRuleChanges(nft, turns.network);
  const leaving = new AbortController();
  const busy = Promise.withResolvers<void>();
  const other = turns.network(call, () => busy.promise);
  const impatient = changes.make({ ...call, signal: leaving.signal }, says('a'));
  const patient = changes.make(call, says('b'));
  leaving.abort();
  await assert.rejects(impatient, { name: 'AbortError' });
  busy.resolve();
  await Promise.all([other, patient]);
  assert.deepEqual(transactions, ['b']);
});

test('nothing to change is no transaction', async () => {
  const { nft, transactions } = fakeNft();
  const changes = createRuleChanges(nft, createTurns().network);
  await changes.make(call, async (sets) => ({ lines: [], after: sets }));
  assert.deepEqual(transactions, []);
});

async function rethrow(result: PromiseSettledResult<void> | undefined): Promise<void> {
  if (result?.status === 'rejected') throw result.reason;
}
