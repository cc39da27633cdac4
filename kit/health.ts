import type { HealthServiceImplementation } from '#proto/grpc/health/v1/health.ts';
import {
  HealthCheckResponse_ServingStatus,
  HealthDefinition,
} from '#proto/grpc/health/v1/health.ts';
import { BangerError } from './errors.ts';

/** The public gRPC health protocol: a service that answers at all is serving. */
export function healthService(serviceNames: readonly string[]) {
  const statusOf = (name: string) => {
    if (name === '' || serviceNames.includes(name))
      return HealthCheckResponse_ServingStatus.SERVING;
    throw new BangerError('NOT_IMPLEMENTED', `no service "${name}" here`);
  };
  const implementation: HealthServiceImplementation = {
    check: async ({ service }) => ({ status: statusOf(service) }),
    /** The status never changes while the process lives, so the stream stays open and silent after one message. */
    async *watch({ service }, { signal }) {
      yield { status: statusOf(service) };
      const { promise, resolve } = Promise.withResolvers<void>();
      signal.addEventListener('abort', () => resolve(), { once: true });
      await promise;
    },
  };
  return { definition: HealthDefinition, implementation };
}
