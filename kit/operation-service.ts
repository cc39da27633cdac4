import {
  Operation as OperationMessage,
  OperationServiceDefinition,
  type OperationServiceImplementation,
  OperationState as StateMessage,
} from '#proto/banger/v1/operation.ts';
import { ProgressUnit, Stage as StageMessage, StageState } from '#proto/banger/v1/types.ts';
import { isAbort } from './abort.ts';
import type { WithCall } from './call-middleware.ts';
import { BangerError } from './errors.ts';
import type { Operation, OperationState, Operations } from './operations.ts';
import type { Rpc } from './rpc.ts';
import type { Stage } from './stages.ts';

const OPERATION_STATES: Readonly<Record<OperationState, StateMessage>> = {
  running: StateMessage.RUNNING,
  done: StateMessage.DONE,
  failed: StateMessage.FAILED,
  cancelled: StateMessage.CANCELLED,
};

const STAGE_STATES: Readonly<Record<Stage['state'], StageState>> = {
  running: StageState.RUNNING,
  done: StageState.DONE,
  failed: StageState.FAILED,
};

/** The OperationService, alike in every service that has long verbs. */
export function operationService(operations: Operations): Rpc {
  const implementation: OperationServiceImplementation<WithCall> = {
    listOperations: async () => ({ operations: operations.list().map(toOperationMessage) }),
    async *watchOperation({ id }, { call }) {
      for await (const operation of operations.watch(id, call.signal)) {
        yield { operation: toOperationMessage(operation) };
      }
    },
    cancelOperation: async ({ id }, { call }) => ({
      operation: toOperationMessage(await operations.cancel(id, call.signal)),
    }),
  };
  const { countRunning } = operations;
  return { definition: OperationServiceDefinition, implementation, countRunning };
}

export function toStageMessage({ name, state, detail, elapsedMs, progress }: Stage): StageMessage {
  return StageMessage.fromPartial({
    name,
    state: STAGE_STATES[state],
    detail,
    elapsedMs,
    ...(progress === undefined ? {} : { progress: { ...progress, unit: toUnit(progress.unit) } }),
  });
}

function toUnit(unit: 'bytes' | 'items'): ProgressUnit {
  return unit === 'bytes' ? ProgressUnit.BYTES : ProgressUnit.ITEMS;
}

function toOperationMessage(operation: Operation): OperationMessage {
  const { id, verb, target, state, stages, startedAt, endedAt, failure } = operation;
  return OperationMessage.fromPartial({
    id,
    verb,
    target,
    state: OPERATION_STATES[state],
    stages: stages.map(toStageMessage),
    startedAt,
    ...(endedAt === undefined ? {} : { endedAt }),
    ...(failure === undefined ? {} : { failure: { ...toFailure(failure), at: endedAt } }),
  });
}

function toFailure(failure: unknown): { reason: string; message: string } {
  if (failure instanceof BangerError) return { reason: failure.reason, message: failure.message };
  if (isAbort(failure)) return { reason: 'CANCELLED', message: 'cancelled' };
  return { reason: 'INTERNAL', message: 'internal error; see the log of the service' };
}
