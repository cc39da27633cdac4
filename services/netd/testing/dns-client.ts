import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect } from 'node:net';
import { frame, unframe } from '../adapters/dns-exchange.ts';
import { type DnsMessage, type Edns, INTERNET, parseMessage } from '../adapters/dns-message.ts';
import { encodeQuery } from '../adapters/dns-reply.ts';

export type Place = { address: string; port: number };

/** A question as a resolver sends it. */
export function queryBytes(name: string, type = 1, edns?: Edns, id = 7): Buffer {
  const labels = name.split('.').filter((label) => label !== '');
  const question = { name: labels, type, class: INTERNET };
  return encodeQuery(id, question, { ...EMPTY_QUERY, edns });
}

const EMPTY_QUERY: DnsMessage = {
  id: 7,
  isResponse: false,
  opcode: 0,
  isTruncated: false,
  recursionDesired: true,
  checkingDisabled: false,
  rcode: 0,
  questions: [],
  records: [],
  edns: undefined,
};

/** Sends datagrams from an address of our own and answers the first that comes back. */
export async function askUdp(to: Place, packets: readonly Buffer[], from = '127.0.0.1') {
  const socket = createSocket('udp4');
  try {
    socket.bind({ address: from, port: 0 });
    await once(socket, 'listening');
    const answered = once(socket, 'message');
    for (const packet of packets) socket.send(packet, to.port, to.address);
    const [answer] = await answered;
    return parseMessage(answer);
  } finally {
    socket.close();
  }
}

/** Sends questions over one connection in pieces of that size; answers what comes back until it closes. */
export async function askTcp(
  to: Place,
  queries: readonly Buffer[],
  { from = '127.0.0.1', pieceBytes = 65_535 } = {},
): Promise<DnsMessage[]> {
  const socket = connect({ host: to.address, port: to.port, localAddress: from });
  try {
    await once(socket, 'connect');
    const bytes = Buffer.concat(queries.map(frame));
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      socket.write(bytes.subarray(at, at + pieceBytes));
    }
    const answers: DnsMessage[] = [];
    let received = Buffer.alloc(0);
    for await (const chunk of socket) {
      received = Buffer.concat([received, chunk]);
      for (let answer = unframe(received); answer !== undefined; answer = unframe(received)) {
        answers.push(parseMessage(answer));
        received = received.subarray(2 + answer.length);
      }
      if (answers.length === queries.length) break;
    }
    return answers;
  } finally {
    socket.destroy();
  }
}
