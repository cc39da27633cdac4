import { STAGE_OPTIONS } from '../../shown-stages.ts';
import { manyVms } from '../../vm/many.ts';

export const start = manyVms(
  {
    description: 'Boots stopped virtual machines; those that run are left as they are.',
    options: STAGE_OPTIONS,
    examples: [
      { line: 'banger vm start web db', shows: 'two at once' },
      { line: 'banger vm start web --timing', shows: 'where the time of its boot goes' },
    ],
  },
  (vms, { id }, _input, { signal }) => vms.startVm({ vm: id }, { signal }),
);
