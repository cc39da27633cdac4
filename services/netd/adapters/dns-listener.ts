import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import type { Server } from 'node:net';
import type { Log } from '#kit/log.ts';
import type { Respond } from './dns-responder.ts';
import { createTcpServer } from './dns-tcp.ts';

export type DnsListener = { readonly port: number; close(): Promise<void> };

/** Listens on one address over UDP and TCP, on the same port; port 0 takes any that is free for both. */
export async function listenForDns(
  place: { address: string; port: number },
  respond: Respond,
  log: Log,
): Promise<DnsListener> {
  const { server, cut } = createTcpServer(respond, log);
  const port = await listenTcp(server, place);
  try {
    const udp = await bindUdp({ ...place, port });
    udp.on('message', (bytes, { address, port: from }) => {
      reply(udp, respond, bytes, { address, port: from }).catch((error: unknown) =>
        log.warn('dns question failed', { error }),
      );
    });
    udp.on('error', (error) => log.warn('dns socket failed', { error }));
    return { port, close: () => close(server, cut, udp) };
  } catch (error) {
    server.close();
    throw error;
  }
}

type Sender = { address: string; port: number };

async function reply(
  udp: UdpSocket,
  respond: Respond,
  bytes: Buffer,
  { address, port }: Sender,
): Promise<void> {
  const answer = await respond(bytes, { address, transport: 'udp' });
  if (answer !== undefined) udp.send(answer, port, address);
}

async function listenTcp(server: Server, { address, port }: Sender): Promise<number> {
  server.listen({ host: address, port });
  await once(server, 'listening');
  const bound = server.address();
  return bound !== null && typeof bound === 'object' ? bound.port : port;
}

async function bindUdp({ address, port }: Sender): Promise<UdpSocket> {
  const udp = createSocket('udp4');
  udp.bind({ address, port });
  try {
    await once(udp, 'listening');
    return udp;
  } catch (error) {
    udp.close();
    throw error;
  }
}

async function close(server: Server, cut: () => void, udp: UdpSocket): Promise<void> {
  const closed = [once(server, 'close'), once(udp, 'close')];
  server.close();
  cut();
  udp.close();
  await Promise.all(closed);
}
