import { once } from 'node:events';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { digestOf } from '../domain/digest.ts';
import { parseReference, type Reference } from '../domain/reference.ts';
import type { Certificate } from './certificate.ts';
import type { ImageFixture } from './image-fixture.ts';

/** Handles a request in its own way and returns true, or leaves it to the honest part. */
export type Script = (request: IncomingMessage, response: ServerResponse) => boolean | undefined;

/** A registry in this process that is honest until a script makes it otherwise. */
export type ScriptedRegistry = {
  readonly host: string;
  readonly origin: string;
  readonly requests: readonly IncomingMessage[];
  script: Script;
  /** Offers the image's blobs, and its manifest under a tag and its digest. */
  add(repository: string, tag: string, image: ImageFixture): void;
  addManifest(repository: string, tag: string, bytes: Buffer, mediaType: string): void;
  /** Adds the image as app:v1 and gives its reference. */
  offer(image: ImageFixture): Reference;
  /** The Range headers of all requests for a blob of app, in their order. */
  rangesAskedOf(blob: Buffer): (string | undefined)[];
};

export async function startScriptedRegistry(
  t: TestContext,
  certificate?: Pick<Certificate, 'key' | 'cert'>,
): Promise<ScriptedRegistry> {
  const requests: IncomingMessage[] = [];
  const contents = new Map<string, { bytes: Buffer; type: string }>();
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    // To a proxy, which it may stand behind, the whole address is sent.
    request.url = request.url?.replace(/^http:\/\/[^/]+/, '') ?? '';
    requests.push(request);
    if (registry.script(request, response) !== true) serve(request, response, contents);
  };
  const server = certificate ? https.createServer(certificate, answer) : http.createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  const addManifest = (repository: string, tag: string, bytes: Buffer, type: string): void => {
    for (const name of [tag, digestOf(bytes)]) {
      contents.set(`/v2/${repository}/manifests/${name}`, { bytes, type });
    }
  };
  const registry: ScriptedRegistry = {
    host: `127.0.0.1:${port}`,
    origin: `${certificate ? 'https' : 'http'}://127.0.0.1:${port}`,
    requests,
    script: () => undefined,
    addManifest,
    add(repository, tag, image) {
      addManifest(repository, tag, image.manifest, image.manifestType);
      for (const [digest, bytes] of image.blobs) {
        contents.set(`/v2/${repository}/blobs/${digest}`, {
          bytes,
          type: 'application/octet-stream',
        });
      }
    },
    offer(image) {
      registry.add('app', 'v1', image);
      return parseReference(`${registry.host}/app:v1`);
    },
    rangesAskedOf(blob) {
      const path = `/v2/app/blobs/${digestOf(blob)}`;
      return requests.filter(({ url }) => url === path).map(({ headers }) => headers.range);
    },
  };
  return registry;
}

function serve(
  request: IncomingMessage,
  response: ServerResponse,
  contents: ReadonlyMap<string, { bytes: Buffer; type: string }>,
): void {
  if (request.url === '/v2/') {
    response.end('{}');
    return;
  }
  const content = contents.get(request.url ?? '');
  if (content === undefined) {
    response.writeHead(404, { 'content-type': 'application/json' });
    response.end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}');
    return;
  }
  const { bytes, type } = content;
  const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const headers = { 'content-type': type, 'content-length': bytes.length - from };
  if (from === 0) response.writeHead(200, headers);
  else {
    const range = `bytes ${from}-${bytes.length - 1}/${bytes.length}`;
    response.writeHead(206, { ...headers, 'content-range': range });
  }
  response.end(bytes.subarray(from));
}
