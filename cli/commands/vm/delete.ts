import { manyVms } from '../../vm/many.ts';

export const delete_ = manyVms(
  {
    description: 'Stops virtual machines and removes them with their disks. There is no way back.',
    examples: [{ line: 'banger vm delete web db', shows: 'two at once' }],
  },
  (vms, { id }, _input, { signal }) => vms.deleteVm({ vm: id }, { signal }),
);
