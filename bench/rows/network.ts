import { bundle } from '../environment.ts';
import { startInNamespaces } from '../own-namespaces.ts';
import { referenceFile } from '../reference-file.ts';
import type { Contest, Row, Scope } from '../row.ts';

const BY_HAND = [
  {
    name: 'one `ip -batch` run: a tap made, attached, isolated, up, a neighbour, all removed',
    atMost: 3,
  },
  { name: 'one `ip -batch` run: only the neighbour' },
];
const NOTE =
  'Lease acquired, attached (packet rules with NAT, name) and released, through netd and rootd with a warm pool of taps, in namespaces of their own. The records are on disk, with four commits a VM. Taking rules out waits for the kernel (a grace period of RCU), as removing a link does.';

export const network: Row = {
  name: 'network',
  subject: "one VM's network, 100 in a row, p50",
  references: BY_HAND,
  figure: { name: 'p50', unit: 'ms' },
  beside: { name: 'p99', unit: 'ms' },
  rounds: 7,
  warmUps: 1,
  note: NOTE,
  prepare: (scope) => prepare(scope, 'in-a-row'),
};

export const networkAtOnce: Row = {
  name: 'network-at-once',
  subject: "one VM's network, 20 at once, time for all divided by 20",
  references: BY_HAND,
  figure: { name: 'wall a VM', unit: 'ms' },
  beside: { name: 'slowest', unit: 'ms' },
  rounds: 15,
  warmUps: 3,
  note: `${NOTE} By hand there are as many runs of \`ip\` at once.`,
  prepare: (scope) => prepare(scope, 'at-once'),
};

async function prepare(scope: Scope, manner: 'in-a-row' | 'at-once'): Promise<Contest> {
  const program = referenceFile('network-host.ts');
  const ask = await startInNamespaces(scope, [program, bundle('rootd.mjs'), bundle('netd.mjs')]);
  return {
    subject: () => ask(`${manner} banger`),
    references: [() => ask(`${manner} tap`), () => ask(`${manner} neighbour`)],
  };
}
