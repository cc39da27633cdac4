import type { HealthServiceImplementation } from '#proto/grpc/health/v1/health.ts';
import {
  HealthCheckResponse_ServingStatus,
  HealthDefinition,
} from '#proto/grpc/health/v1/health.ts';
import { BangerError } from './errors.ts';

/** The public gRPC health protocol: a service that answers at all is serving. */
export function healthService(serviceNames: readonly string[]) {
  const { SERVING, SERVICE_UNKNOWN } = HealthCheckResponse_ServingStatus;
  const isServed = (name: string) => name === '' || serviceNames.includes(name);
  const implementation: HealthServiceImplementation = {
    async check({ service }) {
      if (isServed(service)) return { status: SERVING };
      throw new BangerError('CONTRACT_NOT_FOUND', `no contract "${service}" is served here`);
    },
    /**
     * The status never changes while the process lives, so the stream stays open and silent after one message.
     * The protocol wants it so for a name that is unknown too: it might come.
     */
    async *watch({ service }, { signal }) {
      yield { status: isServed(service) ? SERVING : SERVICE_UNKNOWN };
      const { promise, resolve } = Promise.withResolvers<void>();
      signal.addEventListener('abort', () => resolve(), { once: true });
      await promise;
    },
  };
  return { definition: HealthDefinition, implementation };
}
