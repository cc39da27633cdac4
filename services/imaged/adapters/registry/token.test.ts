import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import test, { type TestContext } from 'node:test';
import type { Credentials } from '../../domain/credentials.ts';
import { makeImage } from '../../testing/image-fixture.ts';
import { pullOptions, setUpPulls } from '../../testing/pull-setup.ts';
import { readLayers } from '../../testing/read-layer.ts';
import { type ScriptedRegistry, startScriptedRegistry } from '../../testing/scripted-registry.ts';

type Asked = { method: string; url: URL; authorization: string | undefined; body: string };
type TokenServer = {
  readonly realm: string;
  readonly asked: readonly Asked[];
  /** What it answers; tokens are numbered, so that each is a new one. */
  reply: (asked: Asked, count: number) => { status?: number; body: unknown };
};

async function startTokenServer(t: TestContext): Promise<TokenServer> {
  const asked: Asked[] = [];
  const server = http.createServer((request, response) => {
    void Array.fromAsync(request).then((chunks) => {
      const { method = '', url = '', headers } = request;
      const body = Buffer.concat(chunks as Buffer[]).toString();
      const { authorization } = headers;
      const one = { method, url: new URL(url, tokens.realm), authorization, body };
      asked.push(one);
      const { status = 200, body: reply } = tokens.reply(one, asked.length);
      response.writeHead(status).end(JSON.stringify(reply));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const tokens: TokenServer = {
    realm: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token?a=b`,
    asked,
    reply: (_, count) => ({ body: { token: `token-${count}`, expires_in: 300 } }),
  };
  return tokens;
}

/** A registry that takes the tokens that `isValid` says. */
async function startGuarded(
  t: TestContext,
  realm: string,
  isValid: (token: string) => boolean,
): Promise<ScriptedRegistry> {
  const server = await startScriptedRegistry(t);
  const challenge = `Bearer realm="${realm}",service="test",scope="repository:app:pull,push"`;
  server.script = ({ url, headers }, response) => {
    const token = /^Bearer (.*)$/.exec(headers.authorization ?? '')?.[1];
    if (url === '/v2/' || (token !== undefined && isValid(token))) return undefined;
    response.writeHead(401, { 'www-authenticate': challenge }).end();
    return true;
  };
  return server;
}

async function pullWith(
  t: TestContext,
  server: ScriptedRegistry,
  credentials?: Credentials,
): Promise<number> {
  const { registry } = await setUpPulls(t);
  const known = credentials && { credentials: new Map([[server.host, credentials]]) };
  await using image = await registry.openImage(server.offer(makeImage()), pullOptions(known));
  return (await readLayers(image)).length;
}

test('gets a token for reading one repository and uses it for everything', async (t) => {
  const tokens = await startTokenServer(t);
  const server = await startGuarded(t, tokens.realm, (token) => token === 'token-1');
  assert.equal(await pullWith(t, server), 2);
  assert.equal(tokens.asked.length, 1);
  const [asked] = tokens.asked;
  assert.equal(asked?.method, 'GET');
  assert.equal(asked?.authorization, undefined);
  // What the challenge asked for besides, pushing, is not wanted.
  assert.equal(asked?.url.search, '?a=b&service=test&scope=repository%3Aapp%3Apull');
});

test('shows name and password to the token server only', async (t) => {
  const tokens = await startTokenServer(t);
  const server = await startGuarded(t, tokens.realm, (token) => token === 'token-1');
  assert.equal(await pullWith(t, server, { username: 'user', password: 'pass:word' }), 2);
  const basic = `Basic ${Buffer.from('user:pass:word').toString('base64')}`;
  assert.equal(tokens.asked[0]?.authorization, basic);
  assert.ok(server.requests.every(({ headers }) => headers.authorization !== basic));
});

test('trades an identity token for one that pulls', async (t) => {
  const tokens = await startTokenServer(t);
  tokens.reply = () => ({ body: { access_token: 'granted' } });
  const server = await startGuarded(t, tokens.realm, (token) => token === 'granted');
  assert.equal(await pullWith(t, server, { identityToken: 'identity' }), 2);
  assert.equal(tokens.asked[0]?.method, 'POST');
  assert.deepEqual(Object.fromEntries(new URLSearchParams(tokens.asked[0]?.body)), {
    grant_type: 'refresh_token',
    refresh_token: 'identity',
    client_id: 'banger',
    service: 'test',
    scope: 'repository:app:pull',
  });
});

test('renews a token that is about to expire, without being refused first', async (t) => {
  const tokens = await startTokenServer(t);
  tokens.reply = (_, count) => ({ body: { token: `token-${count}`, expires_in: 5 } });
  const server = await startGuarded(t, tokens.realm, () => true);
  server.script = (
    (guarded) => (request, response) =>
      guarded(request, response)
  )(server.script);
  assert.equal(await pullWith(t, server), 2);
  const refused = server.requests.filter(({ headers }) => headers.authorization === undefined);
  assert.deepEqual(
    refused.map(({ url }) => url),
    ['/v2/app/manifests/v1'],
  );
  assert.equal(tokens.asked.length, 4);
});

test('renews a token that the registry has withdrawn', async (t) => {
  const tokens = await startTokenServer(t);
  const withdrawn = new Set<string>();
  const server = await startGuarded(t, tokens.realm, (token) => {
    // Each token is good for one request.
    const isGood = !withdrawn.has(token);
    withdrawn.add(token);
    return isGood;
  });
  assert.equal(await pullWith(t, server), 2);
  assert.ok(tokens.asked.length >= 3);
});

test('says how to log in when the token does not help', async (t) => {
  const tokens = await startTokenServer(t);
  const server = await startGuarded(t, tokens.realm, () => false);
  await assert.rejects(pullWith(t, server), {
    reason: 'OPERATION_REFUSED',
    message: new RegExp(`only to those logged in, if it exists; .*docker login ${server.host}`),
  });
  assert.equal(tokens.asked.length, 1);
});

test('says that the token server refuses the login', async (t) => {
  const tokens = await startTokenServer(t);
  tokens.reply = () => ({ status: 401, body: { errors: [{ message: 'no\u001b[31m such user' }] } });
  const server = await startGuarded(t, tokens.realm, () => true);
  await assert.rejects(pullWith(t, server, { username: 'user', password: 'wrong' }), {
    reason: 'OPERATION_REFUSED',
    message: /log in again with: docker login .* \(it says: "no\\u\{1b\}\[31m such user"\)/,
  });
});

test('does not take just anything for a token', async (t) => {
  const tokens = await startTokenServer(t);
  const server = await startGuarded(t, tokens.realm, () => true);
  for (const body of [[], {}, { token: '' }, { token: 'a\r\nb' }, { token: 1 }, 'x', null]) {
    tokens.reply = () => ({ body });
    await assert.rejects(pullWith(t, server), {
      reason: 'SERVICE_UNAVAILABLE',
      message: /token server ".*" did not give a token/,
    });
  }
});

test('does not send a login where others can read it', async (t) => {
  for (const realm of ['http://auth.test/token', 'file:///token', 'token', 'https://']) {
    const server = await startGuarded(t, realm, () => false);
    await assert.rejects(pullWith(t, server, { username: 'user', password: 'secret' }), {
      reason: 'OPERATION_REFUSED',
      message: /wants logins sent to ".*", which is not safe/,
    });
  }
});
