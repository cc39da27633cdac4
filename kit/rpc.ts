import type { ServiceImplementation, TsProtoServiceDefinition } from 'nice-grpc';
import type { WithCall } from './call-middleware.ts';
import { BangerError } from './errors.ts';

/** What a service offers: a contract and the functions behind it. */
export type Rpc = {
  definition: TsProtoServiceDefinition;
  implementation: object;
  /** Work that goes on when no call waits for it; absent where there is none. */
  countRunning?(): number;
};

/** Gives every method of the contract a function, so that one that is missing says so instead of hanging. */
export function completeImplementation({
  definition,
  implementation,
}: Rpc): ServiceImplementation<TsProtoServiceDefinition, WithCall> {
  const methods = Object.entries(definition.methods).map(([key, { name, responseStream }]) => {
    const given: unknown = Reflect.get(implementation, key);
    if (typeof given === 'function') return [key, given.bind(implementation)];
    return [key, responseStream ? missingStream(name) : missing(name)];
  });
  return Object.fromEntries(methods);
}

function missing(name: string) {
  return async () => {
    throw new BangerError(
      'NOT_IMPLEMENTED',
      `${name} is part of the contract but not of this build`,
    );
  };
}

/** A stream whose first message never comes, because the call fails. */
function missingStream(name: string) {
  return async function* () {
    yield await missing(name)();
  };
}
