import http, {
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
} from 'node:http';
import https from 'node:https';
import { type AgentOptions, createAgents } from './agents.ts';
import { toNetworkFailure } from './network-failure.ts';

export type TransportOptions = AgentOptions & {
  /** Until the request is on the wire: a proxy's tunnel and the TLS handshake included. */
  readonly connectTimeoutMs?: number;
  /** The longest silence on a connection, before the answer and in the middle of it. */
  readonly idleTimeoutMs?: number;
};

export type Exchange = {
  readonly method?: 'GET' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal: AbortSignal;
};

/** An answer whose body must be read or discarded, see answer-body.ts. */
export type Answer = {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly url: URL;
  readonly body: IncomingMessage;
};

/** Makes one HTTP exchange: no redirects, no retries, no authentication. */
export type Transport = Disposable & { send(exchange: Exchange): Promise<Answer> };

const CONNECT_TIMEOUT_MS = 15_000;
const IDLE_TIMEOUT_MS = 30_000;

/** On node:http rather than fetch, which takes neither certificates nor proxies without its library. */
export function createTransport(options: TransportOptions = {}): Transport {
  const agents = createAgents(options);
  return {
    async send(exchange) {
      exchange.signal.throwIfAborted();
      const agent = agents.for(exchange.url);
      try {
        return await sendOnce(exchange, agent, options);
      } catch (error) {
        exchange.signal.throwIfAborted();
        throw toNetworkFailure(error, exchange.url.host);
      }
    },
    [Symbol.dispose]: () => agents.destroy(),
  };
}

function sendOnce(
  exchange: Exchange,
  agent: http.Agent,
  options: TransportOptions,
): Promise<Answer> {
  const { url, body, signal, method = 'GET' } = exchange;
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const headers = { 'user-agent': 'banger', ...exchange.headers };
  const client = url.protocol === 'https:' ? https : http;
  const request = client.request(url, { agent, method, headers, signal });
  limitWaiting(request, options);
  request.once('response', (message) => {
    resolve({ status: message.statusCode ?? 0, headers: message.headers, url, body: message });
  });
  // Stays for the whole exchange: a late error without a listener would end the process.
  request.on('error', reject);
  request.end(body);
  return promise;
}

function limitWaiting(request: ClientRequest, options: TransportOptions): void {
  const { connectTimeoutMs = CONNECT_TIMEOUT_MS, idleTimeoutMs = IDLE_TIMEOUT_MS } = options;
  let stop = (error: Error): void => void request.destroy(error);
  const connecting = setTimeout(() => stop(timedOut('connecting')), connectTimeoutMs);
  // "finish" comes when the socket took the request, hence after TCP, tunnel and TLS are through.
  request.once('finish', () => clearTimeout(connecting));
  request.once('close', () => clearTimeout(connecting));
  request.once('response', (message) => {
    stop = (error) => void message.destroy(error);
  });
  request.setTimeout(idleTimeoutMs, () => stop(timedOut('waiting')));
}

function timedOut(doing: string): Error {
  return Object.assign(new Error(`timed out ${doing}`), { code: 'ETIMEDOUT' });
}
