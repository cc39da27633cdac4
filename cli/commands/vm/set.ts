import { NetworkMode } from '#proto/banger/v1/types.ts';
import type { Option } from '../../command.ts';
import { argumentTexts, optionText, optionTexts } from '../../input.ts';
import { UsageError } from '../../output/error.ts';
import { manyVms } from '../../vm/many.ts';
import { readSettings, SETTING_OPTIONS } from '../../vm/settings.ts';

const COMMAND = 'banger vm set';

const OPTIONS: readonly Option[] = [
  { spelling: '--name <name>', description: 'another name; for one machine' },
  ...SETTING_OPTIONS,
  { spelling: '--no-nat', description: 'close the way to the outside' },
  { spelling: '--no-peers', description: 'keep the guest from other guests' },
  { spelling: '--autostart', description: 'start it again after the host was restarted' },
  { spelling: '--no-autostart', description: 'leave it stopped then' },
  { spelling: '--remove-label <name>', description: 'may be repeated', repeats: true },
];

export const set = manyVms(
  {
    description:
      'Changes virtual machines. Name, nat, peers, labels and autostart hold at once; processors, memory and disks at the next start, and disks only grow. Options that are not given change nothing.',
    options: OPTIONS,
    examples: [
      { line: 'banger vm set web --memory 4G --vcpu 2', shows: 'from its next start on' },
      { line: 'banger vm set web db --nat', shows: 'at once, for two' },
      { line: 'banger vm set web --disk-size 20G', shows: 'more room in /root' },
    ],
    next: 'banger vm restart NAME makes everything hold',
  },
  (vms, { id }, input, { out, signal }) => {
    const name = optionText(input, 'name');
    const settings = readSettings(input, COMMAND);
    const removeLabels = [...optionTexts(input, 'removeLabel')];
    const { network, labels, ...rest } = settings;
    const nothing =
      Object.keys(rest).length + Object.keys(labels).length + removeLabels.length === 0;
    if (nothing && name === undefined && network === NetworkMode.UNSPECIFIED) {
      throw new UsageError('say what to change', COMMAND);
    }
    if (name !== undefined && argumentTexts(input, 0).length > 1) {
      throw new UsageError('--name is for one machine', COMMAND);
    }
    const request = { vm: id, settings, removeLabels, ...(name === undefined ? {} : { name }) };
    return vms.setVm(request, { signal }).then((answer) => {
      const pending = answer.vm?.pendingSettings ?? [];
      if (pending.length > 0) {
        out.note(`vm "${answer.vm?.name}": at its next start: ${pending.join(', ')}`);
      }
      return answer;
    });
  },
);
