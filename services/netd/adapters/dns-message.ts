import type { DnsName, DnsQuestion } from '../domain/dns-answer.ts';
import { malformed, readName } from './dns-name.ts';

/** Numbers of RFC 1035 section 4.1.1 and RFC 6891. */
export const RCODE = {
  NOERROR: 0,
  FORMERR: 1,
  SERVFAIL: 2,
  NXDOMAIN: 3,
  NOTIMP: 4,
  REFUSED: 5,
  BADVERS: 16,
} as const;
export type Rcode = (typeof RCODE)[keyof typeof RCODE];

export const INTERNET = 1;
export const OPT = 41;
const HEADER_BYTES = 12;
/** What a sender without EDNS is prepared for. */
export const PLAIN_UDP_BYTES = 512;

export type Question = DnsQuestion & { readonly class: number };
export type Edns = {
  readonly udpBytes: number;
  readonly version: number;
  readonly dnssecOk: boolean;
};

export type DnsMessage = {
  readonly id: number;
  readonly isResponse: boolean;
  readonly opcode: number;
  readonly isTruncated: boolean;
  readonly recursionDesired: boolean;
  readonly checkingDisabled: boolean;
  readonly rcode: number;
  readonly questions: readonly Question[];
  readonly records: readonly ResourceRecord[];
  readonly edns: Edns | undefined;
};

export type ResourceRecord = {
  readonly name: DnsName;
  readonly type: number;
  readonly class: number;
  readonly ttl: number;
  readonly data: Buffer;
};

/** Reads a whole message; every length and count in it is checked against the bytes that there are. */
export function parseMessage(bytes: Buffer): DnsMessage {
  if (bytes.length < HEADER_BYTES) throw malformed('it is shorter than a header');
  const flags = bytes.readUInt16BE(2);
  const body = readBody(bytes);
  return {
    id: bytes.readUInt16BE(0),
    isResponse: (flags & 0x8000) !== 0,
    opcode: (flags >> 11) & 15,
    isTruncated: (flags & 0x0200) !== 0,
    recursionDesired: (flags & 0x0100) !== 0,
    checkingDisabled: (flags & 0x0010) !== 0,
    rcode: flags & 15,
    ...body,
    edns: ednsOf(body.records),
  };
}

function readBody(bytes: Buffer): Pick<DnsMessage, 'questions' | 'records'> {
  const questions: Question[] = [];
  const records: ResourceRecord[] = [];
  const questionCount = bytes.readUInt16BE(4);
  const recordCount = bytes.readUInt16BE(6) + bytes.readUInt16BE(8) + bytes.readUInt16BE(10);
  let at = HEADER_BYTES;
  while (questions.length < questionCount) {
    const { name, next } = readName(bytes, at);
    if (next + 4 > bytes.length) throw malformed('a question is cut off');
    questions.push({ name, type: bytes.readUInt16BE(next), class: bytes.readUInt16BE(next + 2) });
    at = next + 4;
  }
  while (records.length < recordCount) {
    const { record, next } = readRecord(bytes, at);
    records.push(record);
    at = next;
  }
  return { questions, records };
}

function readRecord(bytes: Buffer, at: number): { record: ResourceRecord; next: number } {
  const { name, next } = readName(bytes, at);
  if (next + 10 > bytes.length) throw malformed('a record is cut off');
  const end = next + 10 + bytes.readUInt16BE(next + 8);
  if (end > bytes.length) throw malformed('the data of a record is cut off');
  const record = {
    name,
    type: bytes.readUInt16BE(next),
    class: bytes.readUInt16BE(next + 2),
    ttl: bytes.readUInt32BE(next + 4),
    data: bytes.subarray(next + 10, end),
  };
  return { record, next: end };
}

/** RFC 6891 puts the sender's abilities into the fields of a record that is none. */
function ednsOf(records: readonly ResourceRecord[]): Edns | undefined {
  const opts = records.filter(({ type }) => type === OPT);
  if (opts.length > 1) throw malformed('it has two OPT records');
  const [opt] = opts;
  if (opt === undefined) return undefined;
  return {
    udpBytes: Math.max(PLAIN_UDP_BYTES, opt.class),
    version: (opt.ttl >> 16) & 255,
    dnssecOk: (opt.ttl & 0x8000) !== 0,
  };
}
