import type { AddressPool } from '../domain/address-pool.ts';
import { type Asker, findAnswer } from '../domain/dns-answer.ts';
import type { DnsZone } from '../domain/dns-zone.ts';
import type { Forwarder, Source } from './dns-forwarder.ts';
import {
  type DnsMessage,
  INTERNET,
  parseMessage,
  type Question,
  RCODE,
  type Rcode,
} from './dns-message.ts';
import { encodeHeader, encodeReply, encodeTruncated, type Reply, replyLimit } from './dns-reply.ts';
import type { RateLimit } from './rate-limit.ts';

/** Bytes in, bytes out; silence for what deserves no answer. */
export type Respond = (bytes: Buffer, source: Source) => Promise<Buffer | undefined>;

export type ResponderParts = {
  zone: DnsZone;
  pool: AddressPool;
  limit: RateLimit;
  /** Who a source is; a stranger is told nothing. */
  askerAt(address: string): Asker | undefined;
  /** For names that are not ours; without one they are refused. */
  forwarder?: Forwarder;
};

/** A standard query; there are neither updates nor notifications here. */
const QUERY = 0;
/** Zone transfers and other questions that are not for one name's records; RFC 6895 section 3.1. */
const META_TYPES = { first: 249, last: 254 };

export function createResponder(parts: ResponderParts): Respond {
  return async (bytes, source) => {
    if (!parts.limit.allows(source.address)) return undefined;
    const query = findQuery(bytes);
    if (query === undefined)
      return isRequest(bytes) ? encodeHeader(bytes, RCODE.FORMERR) : undefined;
    // Answering an answer would let two servers talk to each other for ever.
    if (query.isResponse) return undefined;
    if (query.opcode !== QUERY) return encodeHeader(bytes, RCODE.NOTIMP);
    const [question, ...more] = query.questions;
    if (question === undefined || more.length > 0) return encodeHeader(bytes, RCODE.FORMERR);
    return answer(parts, query, question, source);
  };
}

async function answer(
  parts: ResponderParts,
  query: DnsMessage,
  question: Question,
  source: Source,
): Promise<Buffer> {
  const asker = parts.askerAt(source.address);
  const maxBytes = replyLimit(query, source.transport);
  const say = (reply: Partial<Reply>) => encodeReply(query, { ...EMPTY, ...reply }, maxBytes);
  if ((query.edns?.version ?? 0) > 0) return say({ rcode: RCODE.BADVERS });
  if (asker === undefined || isMeta(question)) return say({ rcode: RCODE.REFUSED });
  const ours = findAnswer(parts.zone, parts.pool, question, asker);
  if (ours !== undefined) {
    return say({ ...ours, rcode: RCODE[ours.rcode], authoritative: true });
  }
  if (parts.forwarder === undefined || asker === 'host' || !asker.nat) {
    return say({ rcode: RCODE.REFUSED });
  }
  const forwarded = await parts.forwarder.ask(query, question, source);
  if (forwarded === undefined) return say({ ...FORWARDED, rcode: RCODE.SERVFAIL });
  return forwarded.length <= maxBytes
    ? forwarded
    : encodeTruncated(query, { ...EMPTY, ...FORWARDED });
}

const EMPTY: Reply = {
  rcode: RCODE.NOERROR,
  authoritative: false,
  recursionAvailable: false,
  answers: [],
  authority: [],
};
const FORWARDED: { rcode: Rcode; recursionAvailable: boolean } = {
  rcode: RCODE.NOERROR,
  recursionAvailable: true,
};

function isMeta({ type, class: kind }: Question): boolean {
  return kind !== INTERNET || (type >= META_TYPES.first && type <= META_TYPES.last);
}

function findQuery(bytes: Buffer): DnsMessage | undefined {
  try {
    return parseMessage(bytes);
  } catch {
    // The sender learns of it by the reply; a line in the log for each would be his to write.
    return undefined;
  }
}

/** Whether there is a header to reply to, and not the mark of a response. */
function isRequest(bytes: Buffer): boolean {
  return bytes.length >= 12 && (bytes.readUInt8(2) & 0x80) === 0;
}
