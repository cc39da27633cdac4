import { createRandom } from '../integration/seeded-random.ts';

/** What befalls a machine between its creation and its end. */
export const TURNS = ['exec', 'stop and start', 'kill its VMM', 'cancel its creation'] as const;
export type Turn = (typeof TURNS)[number];

export const KILLED = ['vmd', 'imaged', 'netd'] as const;

export type Plan = {
  /** One for each machine; all have their turns at the same time. */
  machines: readonly { turn: Turn; cancelMs: number }[];
  /** A service that is killed at some moment. */
  kill?: { service: (typeof KILLED)[number]; afterMs: number };
};

const LONGEST_CREATE_MS = 5000;
/** Of so many cycles, one has a service killed: a service that lives long shows what it gathers. */
const KILL_EVERY = 8;

/** The same for the same seed and cycle, whatever came before: a run that was broken off goes on as it would have. */
export function planCycle(seed: number, cycle: number): Plan {
  const random = createRandom(seed * 1_000_003 + cycle);
  const machines = Array.from({ length: 1 + random.below(3) }, () => ({
    turn: random.pick(TURNS),
    cancelMs: random.below(LONGEST_CREATE_MS),
  }));
  if (random.below(KILL_EVERY) > 0) return { machines };
  const kill = { service: random.pick(KILLED), afterMs: random.below(LONGEST_CREATE_MS) };
  return { machines, kill };
}

export function describePlan({ machines, kill }: Plan): string {
  const turns = machines.map(({ turn }) => turn).join(', ');
  return kill === undefined ? turns : `${turns}; ${kill.service} is killed`;
}
