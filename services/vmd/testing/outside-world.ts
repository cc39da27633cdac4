import { execFile, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';
import { prepareNamespaces } from '#kit/testing/own-namespaces.ts';
import { temporaryFolder } from '#kit/testing/temporary-folder.ts';

const tool = promisify(execFile);

export const OUTSIDE = '203.0.113.80';
export const HOST_ADDRESSES = ['127.0.0.1', '127.0.0.53', '198.18.0.2', '172.17.0.1'];
/** Of the outside's web server, and of the host's. */
export const PORT = 8080;
export const OUTSIDE_NAME = 'outside.test';

/** The test's own network is the host here, with a second device as for containers, and a namespace the internet. */
const WORLD = `
  ip netns add outside
  ip link add uplink type veth peer name internet netns outside
  ip addr add 198.18.0.2/24 dev uplink
  ip link set uplink up
  ip -n outside addr add 198.18.0.1/24 dev internet
  ip -n outside addr add ${OUTSIDE}/32 dev lo
  ip -n outside link set lo up
  ip -n outside link set internet up
  ip route add default via 198.18.0.1
  ip link add containers type bridge
  ip addr add 172.17.0.1/16 dev containers
  ip link set containers up
  resolver=$(readlink -m /etc/resolv.conf)
  mkdir -p "$(dirname "$resolver")"
  test -e "$resolver" || touch "$resolver"
  mount --bind "$1" "$resolver"
`;

/** Only in namespaces of the test's own. */
export async function makeOutsideWorld(t: TestContext): Promise<void> {
  await prepareNamespaces();
  const folder = temporaryFolder(t);
  const resolver = join(folder, 'resolv.conf');
  // As systemd-resolved has it: nobody but the host itself could ask there.
  writeFileSync(resolver, 'nameserver 127.0.0.53\n');
  await tool('sh', ['-euc', WORLD, 'sh', resolver]);
  const pages = join(folder, 'pages');
  mkdirSync(pages);
  writeFileSync(join(pages, 'index.html'), 'outside');
  const server = ['busybox', 'httpd', '-f', '-p', `${OUTSIDE}:${PORT}`, '-h', pages];
  const web = spawn('ip', ['netns', 'exec', 'outside', ...server], { stdio: 'ignore' });
  t.after(() => void web.kill('SIGKILL'));
}

/** A service of the host's, on every address that it has, and who asked it. */
export async function serveOnHost(t: TestContext): Promise<string[]> {
  const asked: string[] = [];
  const server = createServer(({ socket }, response) => {
    asked.push(`${socket.localAddress}`);
    response.end('host');
  });
  t.after(() => void server.close());
  await new Promise<void>((listening) => server.listen(PORT, '0.0.0.0', listening));
  return asked;
}

/** The host's DNS server, on every address too: it knows one name. */
export async function serveNames(t: TestContext): Promise<void> {
  const server = createSocket('udp4');
  t.after(() => void server.close());
  server.on('message', (query, { port, address }) => {
    server.send(answerTo(query), port, address);
  });
  await new Promise<void>((listening) => server.bind(53, '0.0.0.0', listening));
}

/** Repeats the question; an address for type A, and for others none. */
function answerTo(query: Buffer): Buffer {
  const isAddress = query.readUInt16BE(query.length - 4) === 1;
  const address = OUTSIDE.split('.').map(Number);
  // The name of byte 12, A, IN, 60 seconds, 4 bytes.
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...address]);
  const answer = Buffer.concat([query, isAddress ? record : Buffer.alloc(0)]);
  answer.writeUInt16BE(0x8180, 2);
  answer.writeUInt16BE(isAddress ? 1 : 0, 6);
  return answer;
}
