import { createPrivateKey, randomUUID, sign, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import type { Certificate } from './certificate.ts';

/** Issues the tokens that a real registry checks: signed, and good for what was asked for. */
export async function startTokenIssuer(
  t: TestContext,
  certificate: Certificate,
  authorization: string,
): Promise<string> {
  const server = http.createServer((request, response) => {
    const { searchParams } = new URL(request.url ?? '', 'http://issuer');
    if (request.headers.authorization !== authorization) response.writeHead(401);
    response.end(JSON.stringify({ token: issue(certificate, searchParams.getAll('scope')) }));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
}

function issue({ key, cert }: Certificate, scopes: readonly string[]): string {
  const nowSeconds = Math.floor(Date.now() / 1000);
  const access = scopes.map((scope) => {
    const [type, name, actions = ''] = scope.split(':');
    return { type, name, actions: actions.split(',') };
  });
  const claims = { iss: 'issuer', aud: 'registry', sub: 'user', jti: randomUUID(), access };
  const times = { iat: nowSeconds, nbf: nowSeconds - 60, exp: nowSeconds + 300 };
  const x5c = [new X509Certificate(cert).raw.toString('base64')];
  const signed = [
    { typ: 'JWT', alg: 'ES256', x5c },
    { ...claims, ...times },
  ]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  const dsaEncoding = 'ieee-p1363';
  const signature = sign('sha256', Buffer.from(signed), {
    key: createPrivateKey(key),
    dsaEncoding,
  });
  return `${signed}.${signature.toString('base64url')}`;
}
