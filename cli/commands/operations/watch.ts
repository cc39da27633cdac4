import { OperationState } from '#proto/banger/v1/operation.ts';
import type { Command } from '../../command.ts';
import { argumentText } from '../../input.ts';
import { EXIT } from '../../output/error.ts';
import { createProgress } from '../../output/progress.ts';
import { findOperation } from './operation.ts';

export const watch: Command = {
  description: 'Shows the stages of an operation as they happen. Leaving does not cancel it.',
  arguments: [{ spelling: '<id>', description: 'id from "banger operations list"' }],
  examples: [{ line: 'banger operations watch ID', shows: 'its stages until it ends' }],
  async run(context, input) {
    const id = argumentText(input, 0) ?? '';
    const { clients, out, env, signal } = context;
    const service = await findOperation(context, id);
    const progress = createProgress({ stream: out.stderr, mode: 'plain', color: out.color, env });
    let state: string = OperationState.UNSPECIFIED;
    for await (const { operation } of clients
      .operations(service)
      .watchOperation({ id }, { signal })) {
      for (const stage of operation?.stages ?? []) progress.stage(stage);
      state = operation?.state ?? state;
      if (operation?.failure !== undefined)
        out.stderr.write(`banger: ${operation.failure.message}\n`);
    }
    progress.end();
    return state === OperationState.DONE ? EXIT.ok : EXIT.failed;
  },
};
