import {
  type ListVmPortsResponse,
  type PortProtocol,
  type Vm,
  VmServiceDefinition,
} from '#proto/banger/v1/vm.ts';
import type { Command } from '../../command.ts';
import { argumentTexts } from '../../input.ts';
import { lowerName } from '../../output/enum.ts';
import type { Table } from '../../output/table.ts';
import { onEachVm, VMS_ARGUMENT } from '../../targets.ts';
import { hostEnd } from '../../vm/ports.ts';

export const ports: Command = {
  description:
    'What listens in running virtual machines, and where on this host it can be reached; also what is published and has nobody listening.',
  arguments: [VMS_ARGUMENT],
  examples: [{ line: 'banger vm ports web', shows: 'a row for each port' }],
  next: 'banger vm publish NAME HOST-PORT:GUEST-PORT makes one reachable',
  async run(context, input) {
    const rows: Row[] = [];
    const { clients, signal } = context;
    const vms = clients.of('vmd', VmServiceDefinition);
    const code = await onEachVm(context, argumentTexts(input, 0), {
      verb: ({ id }) => vms.listVmPorts({ vm: id }, { signal }),
      tell: (vm, answer) => void rows.push(...rowsOf(vm, answer)),
    });
    context.out.rows(rows, TABLE, (row) => row);
    return code;
  },
};

type Row = {
  vm: string;
  port: number;
  protocol: string;
  /** Where it listens in the guest; empty when nobody does. */
  address: string;
  process: string;
  guestPid: number;
  /** Where it is reached on this host; empty when it is not published. */
  published: string;
};

export function rowsOf(vm: Vm, { listening, published }: ListVmPortsResponse): Row[] {
  const ends = (protocol: PortProtocol, port: number) =>
    published
      .filter((end) => end.protocol === protocol && end.guestPort === port)
      .map(hostEnd)
      .join(', ');
  const heard = listening.map(({ protocol, address, port, process, guestPid }) => ({
    vm: vm.name,
    port,
    protocol: lowerName(protocol, 'PORT_PROTOCOL_'),
    address,
    process,
    guestPid,
    published: ends(protocol, port),
  }));
  const deaf = published
    .filter(
      (end) =>
        !listening.some(
          ({ protocol, port }) => protocol === end.protocol && port === end.guestPort,
        ),
    )
    .map((end) => ({
      vm: vm.name,
      port: end.guestPort,
      protocol: lowerName(end.protocol, 'PORT_PROTOCOL_'),
      address: '',
      process: '',
      guestPid: 0,
      published: hostEnd(end),
    }));
  return [...heard, ...deaf];
}

const TABLE: Table<Row> = [
  { title: 'VM', text: ({ vm }) => vm },
  { title: 'PORT', text: ({ port, protocol }) => `${port}/${protocol}`, align: 'right' },
  { title: 'LISTENS ON', text: ({ address }) => address || 'nobody listens' },
  { title: 'PROCESS', text: ({ process }) => process || '-', shrinks: true },
  { title: 'PUBLISHED', text: ({ published }) => published || '-' },
];
