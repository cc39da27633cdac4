import { octetsOf } from '#kit/ipv4.ts';
import { type DnsRecord, RECORD_TYPE } from '../domain/dns-answer.ts';
import {
  type DnsMessage,
  INTERNET,
  OPT,
  PLAIN_UDP_BYTES,
  type Question,
  type Rcode,
} from './dns-message.ts';
import { encodeName } from './dns-name.ts';

/** What passes every path without fragments; see DNS flag day 2020. */
const UDP_BYTES = 1232;
const TCP_BYTES = 65_535;
/** Names come and go with VMs, so nobody may remember them, or their absence, for long. */
const TTL_SECONDS = 5;

export type Reply = {
  rcode: Rcode;
  authoritative: boolean;
  recursionAvailable: boolean;
  answers: readonly DnsRecord[];
  authority: readonly DnsRecord[];
};

/** How much a reply may have: what both sides can take. */
export function replyLimit({ edns }: DnsMessage, transport: 'udp' | 'tcp'): number {
  if (transport === 'tcp') return TCP_BYTES;
  return Math.min(UDP_BYTES, edns?.udpBytes ?? PLAIN_UDP_BYTES);
}

export function encodeReply(query: DnsMessage, reply: Reply, maxBytes: number): Buffer {
  const whole = encodeWhole(query, reply, false);
  return whole.length <= maxBytes ? whole : encodeTruncated(query, reply);
}

/** The mark that there is more, and nothing else: whoever asked comes again over TCP. */
export function encodeTruncated(query: DnsMessage, reply: Reply): Buffer {
  return encodeWhole(query, { ...reply, answers: [], authority: [] }, true);
}

/** A header and nothing else, for what is not a question or cannot be read further. */
export function encodeHeader(bytes: Buffer, rcode: Rcode): Buffer {
  // Of the flags only the kind of message and the wish for recursion come back.
  const flags = 0x8000 | (bytes.readUInt16BE(2) & 0x7900) | rcode;
  return numbers(bytes.readUInt16BE(0), flags, 0, 0, 0, 0);
}

function encodeWhole(query: DnsMessage, reply: Reply, isTruncated: boolean): Buffer {
  const flags =
    0x8000 |
    (query.opcode << 11) |
    (reply.authoritative ? 0x0400 : 0) |
    (isTruncated ? 0x0200 : 0) |
    (query.recursionDesired ? 0x0100 : 0) |
    (reply.recursionAvailable ? 0x0080 : 0) |
    (query.checkingDisabled ? 0x0010 : 0) |
    (reply.rcode & 15);
  const { questions, edns } = query;
  const counts = [
    questions.length,
    reply.answers.length,
    reply.authority.length,
    edns === undefined ? 0 : 1,
  ];
  return Buffer.concat([
    numbers(query.id, flags, ...counts),
    ...questions.map(encodeQuestion),
    ...[...reply.answers, ...reply.authority].map(encodeRecord),
    ...(edns === undefined ? [] : [encodeOpt(reply.rcode >> 4, edns.dnssecOk)]),
  ]);
}

/** A question of our own making, so that nothing else of what a guest sent goes to a server outside. */
export function encodeQuery(id: number, question: Question, query: DnsMessage): Buffer {
  const flags = (query.recursionDesired ? 0x0100 : 0) | (query.checkingDisabled ? 0x0010 : 0);
  const { edns } = query;
  return Buffer.concat([
    numbers(id, flags, 1, 0, 0, edns === undefined ? 0 : 1),
    encodeQuestion(question),
    ...(edns === undefined ? [] : [encodeOpt(0, edns.dnssecOk)]),
  ]);
}

function encodeQuestion(question: Question): Buffer {
  return Buffer.concat([encodeName(question.name), numbers(question.type, question.class)]);
}

function encodeRecord(record: DnsRecord): Buffer {
  const data = encodeData(record);
  return Buffer.concat([
    encodeName(record.name),
    numbers(RECORD_TYPE[record.type], INTERNET, 0, TTL_SECONDS, data.length),
    data,
  ]);
}

function encodeData(record: DnsRecord): Buffer {
  if (record.type === 'A') return Buffer.from(octetsOf(record.address));
  if (record.type !== 'SOA') return encodeName(record.target);
  // Refresh, retry, expire: there is no secondary server to read them. The last is for how long absence holds.
  const [refresh, retry, expire] = [3600, 600, 86_400];
  const timers = [record.serial, refresh, retry, expire, TTL_SECONDS];
  return Buffer.concat([
    encodeName(['localhost']),
    encodeName(['nobody', 'invalid']),
    ...timers.map((seconds) => numbers(Math.floor(seconds / 65_536) % 65_536, seconds % 65_536)),
  ]);
}

function encodeOpt(extendedRcode: number, dnssecOk: boolean): Buffer {
  return Buffer.concat([
    Buffer.of(0),
    numbers(OPT, UDP_BYTES, extendedRcode << 8, dnssecOk ? 0x8000 : 0, 0),
  ]);
}

/** Each as two bytes, the higher one first. */
function numbers(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  for (const [at, value] of values.entries()) bytes.writeUInt16BE(value, at * 2);
  return bytes;
}
