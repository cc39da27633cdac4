import { formatDuration } from '#kit/duration.ts';
import { formatSize } from '#kit/size.ts';
import { type Vm, VmServiceDefinition } from '#proto/banger/v1/vm.ts';
import type { Command } from '../../command.ts';
import { lowerName } from '../../output/enum.ts';
import type { Table } from '../../output/table.ts';
import { vmToJson } from '../../vm/json.ts';

export const list: Command = {
  description: 'All virtual machines, oldest first, in whatever state they are.',
  examples: [
    { line: 'banger vm list', shows: 'a table' },
    { line: 'banger vm list -q', shows: 'ids only, one a line' },
    { line: 'banger vm list --format name,state,address', shows: 'fields, a tab between them' },
    { line: "banger vm list --json | jq '.[].name'", shows: 'every field, for programs' },
  ],
  next: 'banger vm run makes one, banger vm show NAME tells all about one',
  async run({ clients, out, signal }) {
    const { vms } = await clients.of('vmd', VmServiceDefinition).listVms({}, { signal });
    out.rows(vms, TABLE, vmToJson, 'no virtual machines yet; make one with: banger vm run');
    return 0;
  },
};

const TABLE: Table<Vm> = [
  { title: 'ID', text: ({ id }) => id.slice(0, 12) },
  { title: 'NAME', text: ({ name }) => name },
  { title: 'STATE', text: ({ state }) => lowerName(state, 'VM_STATE_') },
  { title: 'IMAGE', text: ({ imageName }) => imageName, shrinks: true },
  { title: 'ADDRESS', text: ({ address }) => address || '-' },
  { title: 'VCPUS', text: ({ spec }) => String(spec?.vcpus ?? '-'), align: 'right' },
  { title: 'MEMORY', text: ({ spec }) => mebibytes(spec?.memoryMib), align: 'right' },
  { title: 'WORKSPACE', text: ({ workspace }) => workspace?.guestPath ?? '-', shrinks: true },
  { title: 'AGE', text: ({ createdAt }) => age(createdAt), align: 'right' },
];

function mebibytes(memoryMib: number | undefined): string {
  return memoryMib === undefined ? '-' : formatSize(memoryMib * 2 ** 20);
}

function age(since: Date | undefined): string {
  return since === undefined ? '-' : formatDuration(Date.now() - since.getTime());
}
