import type { Measure, Scope } from './row.ts';
import { measureRuns } from './run-program.ts';

/** The least that any program of ours can cost: the same Node, started and ended for nothing. */
export function measureBareNode({ folder }: Scope): Measure {
  const env = { HOME: folder };
  return measureRuns({ file: process.execPath, args: ['-e', '0'], env, prints: /^$/ });
}
