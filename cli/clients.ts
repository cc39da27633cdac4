import { type Client, createClient } from '#kit/client.ts';
import { type Connection, openConnection } from '#kit/connection.ts';
import { type Paths, type ServiceName, socketPath } from '#kit/paths.ts';
import { InfoServiceDefinition } from '#proto/banger/v1/info.ts';
import { OperationServiceDefinition } from '#proto/banger/v1/operation.ts';

/** The services that the command line talks to; of rootd, which listens to services, root may ask how it is. */
export const USER_SERVICES = ['vmd', 'imaged', 'netd'] as const;
export type UserService = (typeof USER_SERVICES)[number];

type Definition = Parameters<typeof createClient>[0];

/** Clients made on first use; each service has one connection, whatever contracts are spoken over it. */
export type Clients = {
  of<const Contract extends Definition>(service: UserService, contract: Contract): Client<Contract>;
  info(service: ServiceName): Client<typeof InfoServiceDefinition>;
  operations(service: UserService): Client<typeof OperationServiceDefinition>;
  close(): void;
};

export type ClientOptions = {
  paths: Paths;
  /** Starts a service that is not there; absent where somebody else (systemd) does. */
  startService?: (service: ServiceName) => Promise<void>;
  /** Runs before the first call of all. */
  prepare?: () => Promise<void>;
  /** Called when a service that is there does not answer. */
  onSilence?: (service: ServiceName) => void;
  /** How long a service that is starting is waited for. */
  patienceMs?: number;
};

/** A service answers within a few hundred milliseconds of its start; a busy machine may take ten times that. */
const PATIENCE_MS = 5000;

export function createClients({
  paths,
  startService,
  prepare,
  onSilence = () => undefined,
  patienceMs = PATIENCE_MS,
}: ClientOptions): Clients {
  let prepared: Promise<void> | undefined;
  const afterPreparation = ({ hold, close }: Connection): Connection => ({
    close,
    async hold(signal) {
      prepared ??= prepare?.();
      await prepared;
      return hold(signal);
    },
  });
  const connections = new Map<ServiceName, Connection>();
  const connectionTo = (service: ServiceName) => {
    const known = connections.get(service);
    if (known !== undefined) return known;
    const connection = afterPreparation(
      openConnection({
        socket: socketPath(paths, service),
        service,
        patienceMs,
        onSilence: () => onSilence(service),
        ...(startService === undefined ? {} : { onAbsent: () => startService(service) }),
      }),
    );
    connections.set(service, connection);
    return connection;
  };
  return {
    of: (service, contract) => createClient(contract, connectionTo(service)),
    info: (service) => createClient(InfoServiceDefinition, connectionTo(service)),
    operations: (service) => createClient(OperationServiceDefinition, connectionTo(service)),
    close: () => {
      for (const connection of connections.values()) connection.close();
    },
  };
}
