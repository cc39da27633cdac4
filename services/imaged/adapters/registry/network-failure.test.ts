import assert from 'node:assert/strict';
import { once } from 'node:events';
import https from 'node:https';
import test, { type TestContext } from 'node:test';
import { BangerError } from '#kit/errors.ts';
import { listenOnLoopback } from '../../testing/silent-server.ts';
import { isNotTls, toNetworkFailure } from './network-failure.ts';
import { TransientFailure } from './retries.ts';

/** The error of a TLS request to a server that answers the greeting with these bytes. */
async function failureOf(t: TestContext, answer: Buffer): Promise<Error> {
  const host = await listenOnLoopback(t, (socket) => {
    socket.once('data', () => socket.end(answer));
  });
  const [error] = (await once(https.get(`https://${host}/`), 'close').then(
    () => [new Error('it worked')],
    (failed: Error) => [failed],
  )) as [Error];
  return error;
}

function withCode(code: string): Error {
  return Object.assign(new Error('failed'), { code });
}

test('knows a server that answers in plain text', async (t) => {
  const error = await failureOf(t, Buffer.from('HTTP/1.0 400 Bad Request\r\n\r\n'));
  assert.ok(isNotTls(error));
  const failure = toNetworkFailure(error, 'r.test');
  assert.match(failure.message, /"r.test" does not speak TLS .* ask for that with --insecure/);
  assert.ok(isNotTls(failure));
});

test('does not take a refused greeting for plain text', async (t) => {
  const alert = Buffer.from('15030100020228', 'hex');
  const error = await failureOf(t, alert);
  assert.ok(!isNotTls(error));
  assert.ok(toNetworkFailure(error, 'r.test') instanceof TransientFailure);
});

test('tries again only what may pass by itself', () => {
  for (const code of ['ECONNRESET', 'ETIMEDOUT', 'EPIPE', 'EAI_AGAIN', 'HPE_INVALID_CONSTANT']) {
    assert.ok(toNetworkFailure(withCode(code), 'r.test') instanceof TransientFailure, code);
  }
  for (const code of ['ENOTFOUND', 'ECONNREFUSED', 'CERT_HAS_EXPIRED', 'ERR_PROXY_TUNNEL']) {
    const failure = toNetworkFailure(withCode(code), 'r.test');
    assert.ok(failure instanceof BangerError, code);
    assert.equal(failure.reason, 'SERVICE_UNAVAILABLE');
  }
});

test('finds the code of the address that failed first', () => {
  const error = new AggregateError([withCode('ECONNREFUSED'), withCode('ENETUNREACH')]);
  assert.match(toNetworkFailure(error, 'r.test').message, /cannot be reached \(ECONNREFUSED\)/);
});
