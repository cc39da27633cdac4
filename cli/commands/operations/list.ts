import { formatDuration } from '#kit/duration.ts';
import type { Command } from '../../command.ts';
import { lowerName } from '../../output/enum.ts';
import type { Table } from '../../output/table.ts';
import { type Found, listOperations, operationToJson } from './operation.ts';

export const list: Command = {
  description:
    'What the services are busy with, running ones first; the last hundred that ended are kept.',
  examples: [{ line: 'banger operations list', shows: 'id, verb, target, state, time' }],
  next: 'banger operations watch ID follows one, banger operations cancel ID stops it',
  async run(context) {
    const found = await listOperations(context);
    const none = 'nothing is running and nothing ran lately';
    context.out.rows(found, TABLE, operationToJson, none);
    return 0;
  },
};

const TABLE: Table<Found> = [
  { title: 'ID', text: ({ operation }) => operation.id },
  { title: 'SERVICE', text: ({ service }) => service },
  { title: 'VERB', text: ({ operation }) => operation.verb },
  { title: 'TARGET', text: ({ operation }) => operation.target, shrinks: true },
  { title: 'STATE', text: ({ operation }) => lowerName(operation.state, 'OPERATION_STATE_') },
  { title: 'STAGE', text: ({ operation }) => operation.stages.at(-1)?.name ?? '-' },
  { title: 'TIME', text: timeTaken, align: 'right' },
];

function timeTaken({ operation: { startedAt, endedAt } }: Found): string {
  if (startedAt === undefined) return '-';
  return formatDuration((endedAt ?? new Date()).getTime() - startedAt.getTime());
}
