import assert from 'node:assert/strict';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { type TestContext, test } from 'node:test';
import { askTcp, askUdp, type Place, queryBytes } from '../testing/dns-client.ts';
import {
  answerAll,
  dig,
  freePort,
  GUESTS,
  needsDig,
  STRANGER,
  startDns,
  startUpstream,
} from '../testing/dns-lab.ts';
import { RCODE } from './dns-message.ts';

test('a guest with nat gets the answer of a server outside, under its own id', async (t) => {
  const { upstream, seen } = await startUpstream(t);
  const { guests } = await startDns(t, [upstream]);
  const edns = { udpBytes: 4096, version: 0, dnssecOk: false };
  const query = queryBytes('www.example.org', 1, edns, 4711);
  for (const ask of [askUdp, askTcpOnce]) {
    const answer = await ask(guests, [query], GUESTS.online.address);
    assert.deepEqual([answer.id, answer.rcode], [4711, RCODE.NOERROR]);
    assert.deepEqual([...(answer.records[0]?.data ?? [])], [203, 0, 113, 80]);
  }
  assert.deepEqual(
    seen.map(({ questions }) => questions[0]?.name.join('.')),
    ['www.example.org', 'www.example.org'],
  );
  assert.equal(seen[0]?.edns?.udpBytes, 1232, 'what goes outside is of our making');
});

async function askTcpOnce(place: Place, queries: readonly Buffer[], from: string) {
  const [answer] = await askTcp(place, queries, { from });
  assert.ok(answer !== undefined);
  return answer;
}

test('a guest without nat and a stranger get nothing from outside', async (t) => {
  const { upstream, seen } = await startUpstream(t);
  const { guests } = await startDns(t, [upstream]);
  const query = queryBytes('www.example.org');
  for (const from of [GUESTS.offline.address, STRANGER]) {
    assert.equal((await askUdp(guests, [query], from)).rcode, RCODE.REFUSED);
  }
  assert.deepEqual(seen, []);
  assert.equal((await askUdp(guests, [query], GUESTS.online.address)).rcode, RCODE.NOERROR);
});

test('guests see of the zone what they may reach, and it never leaves the host', async (t) => {
  const { upstream, seen } = await startUpstream(t);
  const { guests } = await startDns(t, [upstream]);
  const rcode = async (name: string, from: string) =>
    (await askUdp(guests, [queryBytes(name)], from)).rcode;
  assert.equal(await rcode('right.vm', GUESTS.left.address), RCODE.NOERROR);
  assert.equal(await rcode('offline.vm', GUESTS.left.address), RCODE.NXDOMAIN);
  assert.equal(await rcode('left.vm', GUESTS.online.address), RCODE.NXDOMAIN);
  assert.equal(await rcode('online.vm', GUESTS.online.address), RCODE.NOERROR);
  assert.equal(await rcode('online.vm', STRANGER), RCODE.REFUSED);
  assert.deepEqual(seen, []);
});

test('an answer too long for a datagram comes over TCP', needsDig, async (t) => {
  const { upstream } = await startUpstream(t, answerAll(100));
  const { guests } = await startDns(t, [upstream]);
  const from = GUESTS.online.address;
  const truncated = await askUdp(guests, [queryBytes('big.example.org')], from);
  assert.deepEqual([truncated.isTruncated, truncated.records.length], [true, 0]);
  const text = await dig(guests, '-b', from, 'big.example.org', '+short');
  assert.equal(text.trim().split('\n').length, 100);
});

test('a server that refuses connections is passed over; when none is left, that is said', async (t) => {
  const dead = { address: '127.0.0.1', port: await freePort('127.0.0.1') };
  const { upstream } = await startUpstream(t);
  const { guests } = await startDns(t, [dead, upstream]);
  const query = queryBytes('www.example.org');
  assert.equal((await askUdp(guests, [query], GUESTS.online.address)).rcode, RCODE.NOERROR);
  const { guests: lonely } = await startDns(t, [dead]);
  assert.equal((await askUdp(lonely, [query], GUESTS.online.address)).rcode, RCODE.SERVFAIL);
});

test('answers to another question, under another id or in no form are not taken for the answer', async (t) => {
  const { upstream } = await startLiar(t);
  const { guests } = await startDns(t, [upstream]);
  const answer = await askUdp(guests, [queryBytes('www.example.org')], GUESTS.online.address);
  assert.deepEqual([answer.rcode, answer.records.length], [RCODE.NOERROR, 1]);
});

/** Whoever would slip in answers of his own sends them before the true one, which has one record. */
async function startLiar(t: TestContext) {
  const socket = createSocket('udp4');
  t.after(() => socket.close());
  socket.bind({ address: '127.0.0.1', port: 0 });
  await once(socket, 'listening');
  socket.on('message', (query, sender) => void lieTo(socket, query, sender));
  return { upstream: { address: '127.0.0.1', port: socket.address().port } };
}

async function lieTo(socket: Socket, query: Buffer, { address, port }: Place): Promise<void> {
  const source = { address, transport: 'udp' } as const;
  const lie = await answerAll(2)(query, source);
  const truth = await answerAll(1)(query, source);
  assert.ok(lie !== undefined && truth !== undefined);
  const otherId = Buffer.from(lie);
  otherId.writeUInt16BE(query.readUInt16BE(0) ^ 1);
  const otherName = Buffer.from(lie);
  otherName.write('x', 13);
  for (const packet of [otherId, otherName, query, Buffer.from('no dns'), truth]) {
    socket.send(packet, port, address);
  }
}
