import { manyVms } from '../../vm/many.ts';

export const pause = manyVms(
  {
    description: 'Halts virtual machines where they are; their memory stays.',
    examples: [{ line: 'banger vm pause web', shows: 'no processor time until it is resumed' }],
  },
  (vms, { id }, _input, { signal }) => vms.pauseVm({ vm: id }, { signal }),
);
