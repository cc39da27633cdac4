import type { Operation } from '#proto/banger/v1/operation.ts';
import { USER_SERVICES, type UserService } from '../../clients.ts';
import type { Context } from '../../context.ts';
import { lowerName } from '../../output/enum.ts';

/** netd's calls are all short. */
const SERVICES_WITH_OPERATIONS = USER_SERVICES.filter((service) => service !== 'netd');

export type Found = { service: UserService; operation: Operation };

/** What all services are busy with, newest first within each. */
export async function listOperations({ clients, signal }: Context): Promise<Found[]> {
  const lists = await Promise.all(
    SERVICES_WITH_OPERATIONS.map(async (service) => {
      const { operations } = await clients.operations(service).listOperations({}, { signal });
      return operations.map((operation) => ({ service, operation }));
    }),
  );
  return lists.flat();
}

/** The services that know an operation of this id, or the first one, whose error then names it. */
export async function findOperation(context: Context, id: string): Promise<Found['service']> {
  const found = (await listOperations(context)).find(({ operation }) => operation.id === id);
  return found?.service ?? 'vmd';
}

export function operationToJson({ service, operation }: Found): unknown {
  return {
    ...operation,
    service,
    state: lowerName(operation.state, 'OPERATION_STATE_'),
    stages: operation.stages.map((stage) => ({
      ...stage,
      state: lowerName(stage.state, 'STAGE_STATE_'),
    })),
  };
}
