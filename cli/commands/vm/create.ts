import type { Command } from '../../command.ts';
import { CREATE_OPTIONS, create as createVm, readCreate } from '../../vm/create.ts';
import { vmToJson } from '../../vm/json.ts';

export const create: Command = {
  description:
    'Makes a virtual machine and boots it, and stays out of it: the building block for scripts. For one command, or a shell, use "banger vm run".',
  options: [
    ...CREATE_OPTIONS,
    { spelling: '--no-start', description: 'make everything, boot nothing' },
    { spelling: '--autostart', description: 'start it again after the host was restarted' },
  ],
  examples: [
    { line: 'banger vm create --name web', shows: 'make and boot a VM with the default image' },
    { line: 'banger vm create --image busybox -q', shows: 'print only its id' },
    {
      line: 'banger vm create --image docker://nginx -p 8080:80',
      shows: 'from a registry, with a port',
    },
  ],
  next: 'banger vm exec NAME -- COMMAND works in it, banger vm delete NAME removes it',
  async run(context, input) {
    const noStart = input.options.start === false;
    const wanted = await readCreate(context, input, 'banger vm create');
    const vm = await createVm(context, wanted, { noStart, keepFailed: true });
    context.out.result(vmToJson(vm), () => vm.name);
    return 0;
  },
};
