import { manyVms } from '../../vm/many.ts';

export const resume = manyVms(
  {
    description: 'Lets paused virtual machines go on.',
    examples: [{ line: 'banger vm resume web', shows: 'with its clock set right' }],
  },
  (vms, { id }, _input, { signal }) => vms.resumeVm({ vm: id }, { signal }),
);
