import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DnsZone } from '../domain/dns-zone.ts';
import { queryBytes } from '../testing/dns-client.ts';
import { guestLease } from '../testing/guests.ts';
import { configOf } from '../testing/netd-lab.ts';
import { randomOf } from '../testing/random.ts';
import { parseMessage } from './dns-message.ts';
import { createResponder } from './dns-responder.ts';

test('whatever comes in, the answer is silence or a reply of its own id that is no longer than allowed', async (t) => {
  const seed = Number(process.env.BANGER_SEED ?? Date.now() % 2 ** 31);
  t.diagnostic(`seed ${seed}; repeat with BANGER_SEED=${seed}`);
  const random = randomOf(seed);
  const zone = new DnsZone();
  zone.add(guestLease(2, 'web', { nat: true }));
  const respond = createResponder({
    zone,
    pool: configOf().pool,
    limit: { allows: () => true },
    askerAt: () => zone.findByName('web'),
    forwarder: { ask: async () => undefined },
  });
  let answered = 0;
  for (let round = 0; round < 20_000; round++) {
    const bytes = queryBytes('web.vm', random(300), { udpBytes: 512, version: 0, dnssecOk: true });
    for (let change = random(4); change > 0; change--) {
      bytes.writeUInt8(random(256), random(bytes.length));
    }
    const source = { address: '172.30.0.2', transport: 'udp' } as const;
    const reply = await respond(bytes.subarray(0, bytes.length - random(3)), source);
    if (reply === undefined) continue;
    answered += 1;
    const { id, isResponse } = parseMessage(reply);
    assert.deepEqual([id, isResponse], [bytes.readUInt16BE(0), true]);
    assert.ok(reply.length <= 512);
  }
  assert.ok(answered > 10_000, `only ${answered} answers`);
});
