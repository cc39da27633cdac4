import { BangerError } from '#kit/errors.ts';
import { VmServiceDefinition } from '#proto/banger/v1/vm.ts';
import type { Command } from '../../command.ts';
import { argumentText } from '../../input.ts';
import { vmToJson } from '../../vm/json.ts';

export const show: Command = {
  description: 'All that is known of one virtual machine, as JSON.',
  arguments: [
    { spelling: '<vm>', description: 'name, id, or the beginning of an id', completes: 'vm' },
  ],
  examples: [
    { line: 'banger vm show web', shows: 'every field' },
    { line: 'banger vm show web | jq .bootPhases', shows: 'how its last boot went' },
  ],
  async run({ clients, out, signal }, input) {
    const vm = argumentText(input, 0) ?? '';
    const answer = await clients.of('vmd', VmServiceDefinition).getVm({ vm }, { signal });
    if (answer.vm === undefined) throw new BangerError('INTERNAL', 'vmd answered without a vm');
    const json = vmToJson(answer.vm);
    out.result(json, () => JSON.stringify(json, null, 2));
    return 0;
  },
};
