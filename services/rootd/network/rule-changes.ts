import { setImmediate as othersArrive } from 'node:timers/promises';
import type { Call } from '#kit/call.ts';
import type { Nftables } from '#kit/nftables.ts';
import { type PacketSets, readPacketSets } from './vm-rules.ts';

/** One VM's part of a transaction, or the reason why it may have none, which is thrown. */
export type PlanRules = (sets: PacketSets) => Promise<RulePlan>;

export type RulePlan = {
  readonly lines: readonly string[];
  /** What the sets hold afterwards; absent when only the kernel can tell, and then it is asked before the next. */
  readonly after: PacketSets | undefined;
  /** What is left to do when the rules are in force. */
  finish?(): Promise<void>;
};

export type RuleChanges = {
  /** Answers when the VM's rules are in force. */
  make(call: Call, plan: PlanRules): Promise<void>;
};

/** One change of the network after the other. */
type InTurn = (call: Call, work: () => Promise<void>) => Promise<void>;

type Change = { readonly call: Call; readonly plan: PlanRules; outcome?: { error?: unknown } };
type Planned = { readonly change: Change; readonly plan: RulePlan };

/**
 * Changes of rules that wait at the same time are made in one transaction, because the kernel takes some 15 ms for
 * each that removes something, however much that is. Whoever has the turn first makes those of all who wait. What
 * one of them must not do, or what the kernel refuses it, is its own error and keeps nobody else from theirs.
 */
export function createRuleChanges(nft: Nftables, inTurn: InTurn): RuleChanges {
  const waiting = new Set<Change>();
  return {
    async make(call, plan) {
      const change: Change = { call, plan };
      waiting.add(change);
      try {
        await inTurn(call, async () => {
          if (change.outcome !== undefined) return;
          await othersArrive();
          await makeAll(nft, takeAll(waiting));
        });
      } finally {
        waiting.delete(change);
      }
      if (change.outcome !== undefined && 'error' in change.outcome) throw change.outcome.error;
    },
  };
}

/** In the order in which they came. Those whose caller has left are not among them. */
function takeAll(waiting: Set<Change>): Change[] {
  const taken = [...waiting];
  waiting.clear();
  return taken;
}

async function makeAll(nft: Nftables, changes: readonly Change[]): Promise<void> {
  let rest = changes;
  while (rest.length > 0) {
    const { planned, left } = await planTogether(nft, rest);
    await makeTogether(nft, planned);
    rest = left;
  }
}

async function planTogether(nft: Nftables, changes: readonly Change[]) {
  const planned: Planned[] = [];
  let sets: PacketSets | undefined;
  for (const [index, change] of changes.entries()) {
    try {
      sets ??= readPacketSets(nft);
      const plan = await change.plan(sets);
      planned.push({ change, plan });
      if (plan.after === undefined) return { planned, left: changes.slice(index + 1) };
      sets = plan.after;
    } catch (error) {
      change.outcome = { error };
    }
  }
  return { planned, left: [] };
}

async function makeTogether(nft: Nftables, planned: readonly Planned[]): Promise<void> {
  const lines = planned.flatMap(({ plan }) => plan.lines);
  try {
    if (lines.length > 0) nft.change(lines.join('\n'));
  } catch (error) {
    const [first, ...others] = planned;
    if (first !== undefined && others.length === 0) first.change.outcome = { error };
    // Planned anew, because each counted on those before it.
    else for (const { change } of planned) await makeAll(nft, [change]);
    return;
  }
  for (const each of planned) await finish(each);
}

async function finish({ change, plan }: Planned): Promise<void> {
  try {
    await plan.finish?.();
    change.outcome = {};
  } catch (error) {
    change.outcome = { error };
  }
}
