import { KillSignal } from '#proto/banger/v1/vm.ts';
import { optionText } from '../../input.ts';
import { UsageError } from '../../output/error.ts';
import { manyVms } from '../../vm/many.ts';

const SIGNALS = {
  KILL: KillSignal.KILL,
  TERM: KillSignal.TERM,
  INT: KillSignal.INT,
  QUIT: KillSignal.QUIT,
  ABRT: KillSignal.ABRT,
} as const;

export const kill = manyVms(
  {
    description:
      'Ends virtual machines without asking the guest, for when stop hangs. What the guest had not written down is lost.',
    options: [
      {
        spelling: '--signal <name>',
        description: `${Object.keys(SIGNALS).join(', ')} (default: KILL)`,
        completes: Object.keys(SIGNALS),
      },
    ],
    examples: [{ line: 'banger vm kill web', shows: 'as if its power were cut' }],
  },
  (vms, { id }, input, { signal }) =>
    vms.killVm({ vm: id, signal: signalOf(optionText(input, 'signal') ?? 'KILL') }, { signal }),
);

function signalOf(name: string): KillSignal {
  const plain = name.toUpperCase().replace(/^SIG/, '');
  const found = Object.entries(SIGNALS).find(([known]) => known === plain)?.[1];
  if (found !== undefined) return found;
  throw new UsageError(
    `--signal is one of ${Object.keys(SIGNALS).join(', ')}, not "${name}"`,
    'banger vm kill',
  );
}
