import { type Operation, OperationState } from '#proto/banger/v1/operation.ts';
import type { Command } from '../../command.ts';
import { argumentText } from '../../input.ts';
import { EXIT } from '../../output/error.ts';
import { createProgress } from '../../output/progress.ts';
import { findOperation, operationToJson } from './operation.ts';

export const watch: Command = {
  description: 'Shows the stages of an operation as they happen. Leaving does not cancel it.',
  arguments: [{ spelling: '<id>', description: 'id from "banger operations list"' }],
  examples: [{ line: 'banger operations watch ID', shows: 'its stages until it ends' }],
  async run(context, input) {
    const id = argumentText(input, 0) ?? '';
    const { clients, out, env, signal } = context;
    const service = await findOperation(context, id);
    const progress = createProgress({ stream: out.stderr, mode: 'plain', color: out.color, env });
    let last: Operation | undefined;
    for await (const { operation } of clients
      .operations(service)
      .watchOperation({ id }, { signal })) {
      for (const stage of operation?.stages ?? []) progress.stage(stage);
      last = operation ?? last;
    }
    progress.end();
    if (last?.failure !== undefined) out.stderr.write(`banger: ${last.failure.message}\n`);
    if (last !== undefined && out.structured) {
      out.result(operationToJson({ service, operation: last }), () => '');
    }
    return last?.state === OperationState.DONE ? EXIT.ok : EXIT.failed;
  },
};
