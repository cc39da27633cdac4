import { parseDuration } from '#kit/duration.ts';
import { optionText } from '../../input.ts';
import { STAGE_OPTIONS } from '../../shown-stages.ts';
import { manyVms } from '../../vm/many.ts';

export const stop = manyVms(
  {
    description:
      'Asks guests to write everything down and power off, and kills those that do not in time. Disks stay.',
    options: [
      { spelling: '--grace <time>', description: 'how long a guest may take, such as 10s' },
      ...STAGE_OPTIONS,
    ],
    examples: [
      { line: 'banger vm stop web', shows: 'well under a second with a healthy guest' },
      { line: 'banger vm stop web --grace 60s', shows: 'for a database with much to write' },
    ],
    next: 'banger vm start boots them again, banger vm delete removes them',
  },
  (vms, { id }, input, { signal }) => {
    const grace = optionText(input, 'grace');
    const graceMs = grace === undefined ? {} : { graceMs: parseDuration(grace) };
    return vms.stopVm({ vm: id, ...graceMs }, { signal });
  },
);
