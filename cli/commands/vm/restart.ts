import { STAGE_OPTIONS } from '../../shown-stages.ts';
import { manyVms } from '../../vm/many.ts';

export const restart = manyVms(
  {
    description: 'Stops virtual machines and boots them again.',
    options: STAGE_OPTIONS,
    examples: [{ line: 'banger vm restart web', shows: 'a new boot, the same disks' }],
  },
  (vms, { id }, _input, { signal }) => vms.restartVm({ vm: id }, { signal }),
);
