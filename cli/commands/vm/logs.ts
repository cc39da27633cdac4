import { isAbort } from '#kit/abort.ts';
import { hasReason } from '#kit/errors.ts';
import { VmServiceDefinition } from '#proto/banger/v1/vm.ts';
import type { Command } from '../../command.ts';
import { argumentText, optionText } from '../../input.ts';
import { wholeNumber } from '../../vm/settings.ts';

export const logs: Command = {
  description:
    'What the serial console of a virtual machine said: the kernel, and whatever writes to it.',
  arguments: [
    { spelling: '<vm>', description: 'name, id, or the beginning of an id', completes: 'vm' },
  ],
  options: [
    { spelling: '-n, --lines <count>', description: 'only the last lines' },
    { spelling: '-f, --follow', description: 'go on until Ctrl-C' },
  ],
  examples: [
    { line: 'banger vm logs web -n 20', shows: 'the last lines; also of a stopped machine' },
  ],
  async run({ clients, out, signal }, input) {
    const lines = optionText(input, 'lines');
    const request = {
      vm: argumentText(input, 0) ?? '',
      follow: input.options.follow === true,
      tailLines: lines === undefined ? 0 : wholeNumber(lines, '--lines', 'banger vm logs'),
    };
    try {
      const chunks = clients.of('vmd', VmServiceDefinition).readVmLogs(request, { signal });
      for await (const { chunk } of chunks) out.stdout.write(chunk);
    } catch (error) {
      // Ctrl-C is how one stops following.
      const left = isAbort(error) || hasReason(error, 'CANCELLED');
      if (!left || !request.follow) throw error;
    }
    return 0;
  },
};
