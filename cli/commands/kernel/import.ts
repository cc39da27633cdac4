import { KernelServiceDefinition } from '#proto/banger/v1/kernel.ts';
import type { Command } from '../../command.ts';
import { openKernel } from '../../image/kernel-source.ts';
import { streamRequest } from '../../image/stream-request.ts';
import { argumentText, optionText } from '../../input.ts';
import { UsageError } from '../../output/error.ts';
import { readShownStages, STAGE_OPTIONS } from '../../shown-stages.ts';
import { followStages } from '../../staged.ts';

const COMMAND = 'banger kernel import';

export const import_: Command = {
  description:
    'Takes a kernel of your own: a bundle, a vmlinux or bzImage with everything built in, a folder with vmlinux (or vmlinuz) and lib/modules/RELEASE, or a package of the distribution.',
  arguments: [
    { spelling: '<name>', description: 'name of the kernel' },
    {
      spelling: '[path]',
      description: 'bundle, kernel or folder; - for a pipe',
      completes: 'path',
    },
  ],
  options: [
    {
      spelling: '--package <package>',
      description: 'such as linux-image-amd64, instead of a path',
    },
    { spelling: '--replace', description: 'point the name at the new kernel where it exists' },
    ...STAGE_OPTIONS,
  ],
  examples: [
    { line: 'banger kernel import mine ./vmlinux', shows: 'the name and the release' },
    { line: 'banger kernel import full --package linux-image-amd64', shows: 'the same' },
  ],
  next: 'banger vm create --kernel NAME boots it',
  async run(context, input) {
    const { clients, out, signal } = context;
    const path = argumentText(input, 1);
    const packageName = optionText(input, 'package') ?? '';
    if ((path === undefined) === (packageName === ''))
      throw new UsageError('name either a path or a --package', COMMAND);
    const bytes = path === undefined ? undefined : await openKernel(context, path);
    const start = {
      name: argumentText(input, 0) ?? '',
      package: packageName,
      replace: input.options.replace === true,
    };
    const parts = clients
      .of('imaged', KernelServiceDefinition)
      .importKernel(streamRequest(start, bytes), { signal });
    const kernel = await followStages(context, parts, 'kernel', readShownStages(input, COMMAND));
    out.result(kernel, () => `${kernel.name} (${kernel.release})`);
    return 0;
  },
};
