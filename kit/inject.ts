import type { Socket } from 'node:net';
import { Server as GrpcServer, ServerCredentials } from '@grpc/grpc-js';
import type { Server } from 'nice-grpc';

type Injector = ReturnType<GrpcServer['createConnectionInjector']>;

/**
 * Starts a nice-grpc server that listens nowhere and is handed its connections instead, so that a peer can
 * be refused before a byte of HTTP/2 is read. grpc-js can do this (`createConnectionInjector`), but
 * nice-grpc keeps its inner server to itself and only ever calls `bindAsync`; so for the length of that one
 * synchronous call, `bindAsync` answers with an injector.
 */
export async function listenInjected(server: Server): Promise<(socket: Socket) => void> {
  const bindAsync = GrpcServer.prototype.bindAsync;
  const { promise: injector, resolve } = Promise.withResolvers<Injector>();
  GrpcServer.prototype.bindAsync = function (_address, credentials, callback) {
    resolve(this.createConnectionInjector(credentials));
    callback(null, 0);
  };
  let listening: Promise<number>;
  try {
    listening = server.listen('injected', ServerCredentials.createInsecure());
  } finally {
    GrpcServer.prototype.bindAsync = bindAsync;
  }
  await listening;
  const ready = await injector;
  return (socket) => ready.injectConnection(socket);
}
