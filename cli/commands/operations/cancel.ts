import type { Command } from '../../command.ts';
import { argumentText } from '../../input.ts';
import { lowerName } from '../../output/enum.ts';
import { findOperation, operationToJson } from './operation.ts';

export const cancel: Command = {
  description:
    'Asks an operation to stop, waits until what it did is undone, and says how it ended.',
  arguments: [{ spelling: '<id>', description: 'id from "banger operations list"' }],
  examples: [{ line: 'banger operations cancel ID', shows: 'the state it ended in' }],
  async run(context, input) {
    const id = argumentText(input, 0) ?? '';
    const { clients, out, signal } = context;
    const service = await findOperation(context, id);
    const answer = await clients.operations(service).cancelOperation({ id }, { signal });
    const { operation } = answer;
    if (operation === undefined) return 1;
    const state = lowerName(operation.state, 'OPERATION_STATE_');
    out.result(
      operationToJson({ service, operation }),
      () => `${operation.verb} "${operation.target}": ${state}`,
    );
    return 0;
  },
};
