import { manyVms } from '../../vm/many.ts';

export const start = manyVms(
  {
    description: 'Boots stopped virtual machines; those that run are left as they are.',
    examples: [{ line: 'banger vm start web db', shows: 'two at once' }],
  },
  (vms, { id }, _input, { signal }) => vms.startVm({ vm: id }, { signal }),
);
