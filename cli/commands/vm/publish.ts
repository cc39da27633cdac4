import { VmServiceDefinition } from '#proto/banger/v1/vm.ts';
import type { Argument, Command } from '../../command.ts';
import { argumentText, argumentTexts } from '../../input.ts';
import { formatPort, hostEnd, portToJson } from '../../vm/ports.ts';
import { parsePublish } from '../../vm/settings.ts';

const VM: Argument = {
  spelling: '<vm>',
  description: 'name, id, or the beginning of an id',
  completes: 'vm',
};
const PORTS = '[address:]host-port:guest-port[/udp]';

export const publish: Command = {
  description:
    'Makes ports of a virtual machine reachable on this host, on 127.0.0.1 unless an address is given. Works in every network mode, and comes back with the machine after every start.',
  arguments: [VM, { spelling: '<port...>', description: `${PORTS}; host port 0 takes a free one` }],
  examples: [
    { line: 'banger vm publish web 8080:80', shows: 'http://127.0.0.1:8080' },
    { line: 'banger vm publish web 0:80 -q', shows: 'on a free port; prints address and port' },
    { line: 'banger vm publish web 0.0.0.0:53:53/udp', shows: 'for other hosts, too' },
  ],
  next: 'banger vm ports NAME shows them, banger vm unpublish NAME PORT ends one',
  async run({ clients, out, signal }, input) {
    const vms = clients.of('vmd', VmServiceDefinition);
    const vm = argumentText(input, 0) ?? '';
    const wanted = argumentTexts(input, 1).map((text) => parsePublish(text, 'banger vm publish'));
    const opened = [];
    for (const port of wanted) {
      const answer = await vms.publishVmPort({ vm, port }, { signal });
      if (answer.port !== undefined) opened.push(answer.port);
    }
    out.lines(opened, portToJson, out.quiet ? hostEnd : formatPort);
    return 0;
  },
};

export const unpublish: Command = {
  description: 'Ends publications of ports. One that is not there is fine.',
  arguments: [VM, { spelling: '<port...>', description: PORTS }],
  examples: [{ line: 'banger vm unpublish web 8080:80', shows: 'the port is free again' }],
  async run({ clients, out, signal }, input) {
    const vms = clients.of('vmd', VmServiceDefinition);
    const vm = argumentText(input, 0) ?? '';
    const wanted = argumentTexts(input, 1).map((text) => parsePublish(text, 'banger vm unpublish'));
    for (const port of wanted) await vms.unpublishVmPort({ vm, port }, { signal });
    if (out.structured) out.lines(wanted, portToJson, formatPort);
    return 0;
  },
};
