import type { Row, Scope } from '../row.ts';
import { createShare } from '../share.ts';

/** A row for tests of what handles rows; what a test is about, it says itself. */
export function rowOf(parts: Partial<Row>): Row {
  return {
    name: 'thing',
    subject: 'the thing',
    references: [{ name: 'another', atMost: 2 }],
    figure: { name: 'wall', unit: 'ms' },
    beside: { name: 'CPU', unit: 'ms' },
    rounds: 3,
    warmUps: 0,
    note: 'A note.',
    prepare: async () => {
      throw new Error('not to be measured');
    },
    ...parts,
  };
}

/** Where a row is measured that writes nothing. */
export function scopeOf(cleanup: AsyncDisposableStack): Scope {
  return { folder: '', cleanup, share: createShare({ folder: '', cleanup }) };
}
