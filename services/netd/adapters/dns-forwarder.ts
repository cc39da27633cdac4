import { randomInt } from 'node:crypto';
import type { Log } from '#kit/log.ts';
import { exchangeTcp, exchangeUdp } from './dns-exchange.ts';
import { type DnsMessage, parseMessage, type Question } from './dns-message.ts';
import { isSameName } from './dns-name.ts';
import { encodeQuery } from './dns-reply.ts';
import type { Upstream } from './upstream.ts';

/** Asks a server outside for a guest. */
export type Forwarder = {
  /** The answer's bytes under the query's own id; absent when no server answered or too much is asked. */
  ask(query: DnsMessage, question: Question, source: Source): Promise<Buffer | undefined>;
};

export type Source = { readonly address: string; readonly transport: 'udp' | 'tcp' };

const MOST_OPEN = 256;
const MOST_OPEN_PER_SOURCE = 32;
/** With two servers, below the five seconds after which a resolver asks again. */
const PATIENCE_MS = 2000;

export function createForwarder(upstreams: () => readonly Upstream[], log: Log): Forwarder {
  const open = new Map<string, number>();
  let total = 0;
  const count = (source: string, by: 1 | -1) => {
    const left = (open.get(source) ?? 0) + by;
    total += by;
    if (left === 0) open.delete(source);
    else open.set(source, left);
  };
  return {
    async ask(query, question, source) {
      const own = open.get(source.address) ?? 0;
      if (total >= MOST_OPEN || own >= MOST_OPEN_PER_SOURCE) return undefined;
      count(source.address, 1);
      try {
        return await askInTurn(upstreams(), { query, question, source, log });
      } finally {
        count(source.address, -1);
      }
    },
  };
}

type Asking = { query: DnsMessage; question: Question; source: Source; log: Log };

async function askInTurn(
  upstreams: readonly Upstream[],
  asking: Asking,
): Promise<Buffer | undefined> {
  for (const upstream of upstreams) {
    try {
      return await askOne(upstream, asking);
    } catch (error) {
      asking.log.debug('upstream dns did not answer', { upstream: upstream.address, error });
    }
  }
  return undefined;
}

async function askOne(upstream: Upstream, { query, question, source }: Asking): Promise<Buffer> {
  const id = randomInt(65_536);
  const bytes = encodeQuery(id, question, query);
  const accepts = (answer: Buffer) => isAnswerTo(answer, id, question);
  const signal = AbortSignal.timeout(PATIENCE_MS);
  const answer =
    source.transport === 'udp'
      ? await exchangeUdp(upstream, bytes, accepts, signal)
      : await exchangeTcp(upstream, bytes, signal);
  if (!accepts(answer)) throw new Error('the answer is not to the question');
  const own = Buffer.from(answer);
  own.writeUInt16BE(query.id);
  return own;
}

/** Whoever guesses a port and an id to slip in an answer must know the question as well. */
function isAnswerTo(bytes: Buffer, id: number, { name, type, class: kind }: Question): boolean {
  try {
    const { id: answered, isResponse, questions } = parseMessage(bytes);
    const [question] = questions;
    return (
      isResponse &&
      answered === id &&
      questions.length === 1 &&
      question !== undefined &&
      question.type === type &&
      question.class === kind &&
      isSameName(question.name, name)
    );
  } catch {
    // Nothing that can be read is no answer; the wait goes on.
    return false;
  }
}
