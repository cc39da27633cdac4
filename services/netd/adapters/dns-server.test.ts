import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import { recordedLog } from '#kit/testing/recorded-log.ts';
import { askTcp, askUdp, queryBytes } from '../testing/dns-client.ts';
import { dig, GUESTS, needsDig, startDns } from '../testing/dns-lab.ts';
import { RCODE } from './dns-message.ts';
import { createDnsServer } from './dns-server.ts';

test('dig gets an address over UDP and over TCP', needsDig, async (t) => {
  const { host } = await startDns(t);
  for (const transport of ['+notcp', '+tcp']) {
    const text = await dig(host, 'online.vm', 'A', transport);
    assert.match(text, /status: NOERROR.*flags: qr aa rd;/s);
    assert.match(text, /^online\.vm\.\s+5\s+IN\s+A\s+127\.0\.0\.12$/m);
  }
});

test(
  'dig finds no fault with the zone: absence, other types, start and server',
  needsDig,
  async (t) => {
    const { host } = await startDns(t);
    const absent = await dig(host, 'nobody.vm', 'A');
    assert.match(absent, /status: NXDOMAIN/);
    assert.match(
      absent,
      /^vm\.\s+5\s+IN\s+SOA\s+localhost\. nobody\.invalid\. \d+ 3600 600 86400 5$/m,
    );
    const noIpv6 = await dig(host, 'online.vm', 'AAAA');
    assert.match(noIpv6, /status: NOERROR.*ANSWER: 0, AUTHORITY: 1/s);
    assert.match(await dig(host, 'vm', 'NS'), /^vm\.\s+5\s+IN\s+NS\s+localhost\.$/m);
    for (const text of [absent, noIpv6]) assert.doesNotMatch(text, /malformed|WARNING: Message/i);
  },
);

test(
  'a resolver that asks with cookies, DNSSEC and odd sizes gets the same answer',
  needsDig,
  async (t) => {
    const { host } = await startDns(t);
    for (const option of [
      '+dnssec',
      '+cookie',
      '+bufsize=64',
      '+noedns',
      '+nsid',
      '+subnet=10.0.0.0/8',
    ]) {
      assert.equal(await dig(host, 'online.vm', 'A', option, '+short'), '127.0.0.12\n', option);
    }
    assert.match(await dig(host, 'online.vm', 'A', '+edns=1', '+noednsneg'), /status: BADVERS/);
  },
);

test('the host’s listener refuses other names, classes and transfers', async (t) => {
  const { host } = await startDns(t);
  const chaos = queryBytes('version.bind', 16);
  chaos.writeUInt16BE(3, chaos.length - 2);
  for (const query of [queryBytes('example.org'), queryBytes('vm', 252), chaos]) {
    assert.equal((await askUdp(host, [query])).rcode, RCODE.REFUSED);
  }
});

test('what is no question is passed over in silence or called malformed, and the next one is answered', async (t) => {
  const { host } = await startDns(t);
  const response = queryBytes('online.vm');
  response.writeUInt8(0x80, 2);
  const silent = [Buffer.alloc(0), Buffer.alloc(11), response];
  const good = await askUdp(host, [...silent, queryBytes('online.vm', 1, undefined, 99)]);
  assert.deepEqual([good.id, good.rcode], [99, RCODE.NOERROR]);
  const cut = queryBytes('online.vm').subarray(0, 20);
  assert.equal((await askUdp(host, [cut])).rcode, RCODE.FORMERR);
  const none = queryBytes('online.vm');
  none.writeUInt16BE(0, 4);
  assert.equal((await askUdp(host, [none])).rcode, RCODE.FORMERR);
  const update = queryBytes('online.vm');
  update.writeUInt8(5 << 3, 2);
  assert.equal((await askUdp(host, [update])).rcode, RCODE.NOTIMP);
});

test('many questions on one connection, in single bytes, get their answers in order', async (t) => {
  const { host } = await startDns(t);
  const queries = [1, 2, 3, 4].map((id) => queryBytes('online.vm', 1, undefined, id));
  for (const pieceBytes of [1, 7, 65_535]) {
    const answers = await askTcp(host, queries, { pieceBytes });
    assert.deepEqual(
      answers.map(({ id, rcode }) => [id, rcode]),
      [1, 2, 3, 4].map((id) => [id, RCODE.NOERROR]),
    );
  }
});

test('a connection with more than a question can be is closed', async (t) => {
  const { host } = await startDns(t);
  assert.deepEqual(await askTcp(host, [Buffer.alloc(5000)]), []);
});

test('one source cannot hold all connections', async (t) => {
  const { host } = await startDns(t);
  const held = Array.from({ length: 8 }, () => connect({ host: host.address, port: host.port }));
  t.after(() => {
    for (const socket of held) socket.destroy();
  });
  await Promise.all(held.map((socket) => once(socket, 'connect')));
  assert.deepEqual(await askTcp(host, [queryBytes('online.vm')]).catch(() => []), []);
  const other = await askTcp(host, [queryBytes('online.vm')], { from: '127.0.0.7' });
  assert.equal(other[0]?.rcode, RCODE.NOERROR);
});

test('a guest that asks without end is not answered for a while, and others are', async (t) => {
  const { guests, clock } = await startDns(t);
  const [flooder, other] = [GUESTS.left.address, GUESTS.right.address];
  const own = (name: string) => queryBytes(`${name}.vm`);
  for (let spent = 0; spent < 200; spent += 50) {
    const burst = Array.from({ length: 50 }, (_, id) => queryBytes('left.vm', 1, undefined, id));
    assert.equal((await askTcp(guests, burst, { from: flooder })).length, 50);
  }
  assert.deepEqual(await askTcp(guests, [own('left')], { from: flooder }), []);
  assert.equal((await askUdp(guests, [own('right')], other)).rcode, RCODE.NOERROR);
  clock.nowMs += 1000;
  assert.equal((await askUdp(guests, [own('left')], flooder)).rcode, RCODE.NOERROR);
});

test('a port that is taken is a problem that names it, until it is free', async (t) => {
  const { dns, config, zone } = await startDns(t);
  const { log } = recordedLog();
  const taken = { ...config, dnsPort: dns.state().port };
  const second = createDnsServer({ config: taken, zone, upstreams: () => [], nowMs: () => 0, log });
  t.after(() => second.stop());
  assert.equal(await second.isPortFree(), false);
  await second.start();
  assert.equal(second.state().address, '');
  assert.match(
    second.state().problem,
    /^dns does not listen on 127\.0\.0\.1:\d+: .*EADDRINUSE.*"dns_port"/,
  );
  await dns.stop();
  assert.equal(await second.isPortFree(), true);
  await second.start();
  assert.deepEqual([second.state().port, second.state().problem], [taken.dnsPort, '']);
});

test('questions are counted', async (t) => {
  const { dns, host } = await startDns(t);
  await askUdp(host, [queryBytes('online.vm')]);
  await askTcp(host, [queryBytes('online.vm'), queryBytes('nobody.vm')]);
  assert.equal(dns.state().questions, 3);
});
