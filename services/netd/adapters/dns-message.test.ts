import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BangerError } from '#kit/errors.ts';
import { parseIpv4 } from '#kit/ipv4.ts';
import { failsWith } from '#kit/testing/fails-with.ts';
import { queryBytes } from '../testing/dns-client.ts';
import { randomOf } from '../testing/random.ts';
import { type DnsMessage, parseMessage, RCODE } from './dns-message.ts';
import { readName } from './dns-name.ts';
import { encodeReply, type Reply, replyLimit } from './dns-reply.ts';

const EDNS = { udpBytes: 1232, version: 0, dnssecOk: true };
const NAME = ['web', 'vm'];
const REPLY: Reply = {
  rcode: RCODE.NOERROR,
  authoritative: true,
  recursionAvailable: false,
  answers: [{ type: 'A', name: NAME, address: parseIpv4('172.30.0.2') }],
  authority: [{ type: 'SOA', name: ['vm'], serial: 70_000 }],
};

function header(...counts: number[]): Buffer {
  const bytes = Buffer.alloc(12);
  for (const [at, count] of counts.entries()) bytes.writeUInt16BE(count, 4 + at * 2);
  return bytes;
}

/** A message with one question, whose name is these bytes. */
function withName(...name: number[]): Buffer {
  return Buffer.concat([header(1), Buffer.from(name), Buffer.of(0, 1, 0, 1)]);
}

test('a question is read as it was written', () => {
  const query = parseMessage(queryBytes('Web.vm', 28, EDNS, 513));
  assert.deepEqual(query.questions, [{ name: ['Web', 'vm'], type: 28, class: 1 }]);
  assert.deepEqual(query.edns, EDNS);
  assert.deepEqual([query.id, query.isResponse, query.recursionDesired], [513, false, true]);
});

test('a reply repeats the question and carries its records', () => {
  const query = parseMessage(queryBytes('web.vm', 1, EDNS));
  const bytes = encodeReply(query, REPLY, 512);
  const reply = parseMessage(bytes);
  assert.deepEqual([reply.id, reply.isResponse, reply.rcode], [7, true, 0]);
  assert.deepEqual(reply.questions, query.questions);
  const [address, soa, opt] = reply.records;
  assert.deepEqual(
    [address?.name, address?.ttl, [...(address?.data ?? [])]],
    [NAME, 5, [172, 30, 0, 2]],
  );
  assert.equal(soa?.data.readUInt32BE(soa.data.length - 20), 70_000);
  assert.equal(soa?.data.readUInt32BE(soa.data.length - 4), 5);
  assert.equal(opt?.type, 41);
  assert.equal(bytes.readUInt8(2) & 0x04, 0x04, 'authoritative');
});

test('a reply that does not fit is only a mark that there is more', () => {
  const query = parseMessage(queryBytes('web.vm'));
  const answers = Array.from({ length: 50 }, () => REPLY.answers[0]).filter(
    (one) => one !== undefined,
  );
  const reply = parseMessage(encodeReply(query, { ...REPLY, answers }, replyLimit(query, 'udp')));
  assert.deepEqual([reply.isTruncated, reply.records.length], [true, 0]);
  const whole = parseMessage(encodeReply(query, { ...REPLY, answers }, replyLimit(query, 'tcp')));
  assert.deepEqual([whole.isTruncated, whole.records.length], [false, 51]);
});

test('a limit is what both sides can take', () => {
  const limitOf = (edns?: DnsMessage['edns']) =>
    replyLimit(parseMessage(queryBytes('web.vm', 1, edns)), 'udp');
  assert.equal(limitOf(), 512);
  assert.equal(limitOf(EDNS), 1232);
  const huge = queryBytes('web.vm', 1, EDNS);
  huge.writeUInt16BE(65_535, huge.length - 8);
  assert.equal(replyLimit(parseMessage(huge), 'udp'), 1232);
  const tiny = queryBytes('web.vm', 1, EDNS);
  tiny.writeUInt16BE(1, tiny.length - 8);
  assert.equal(replyLimit(parseMessage(tiny), 'udp'), 512);
});

test('a pointer backwards is followed', () => {
  const pointer = Buffer.concat([
    header(2),
    Buffer.of(3, 0x77, 0x65, 0x62, 0, 0, 1, 0, 1),
    Buffer.of(1, 0x61, 0xc0, 12, 0, 1, 0, 1),
  ]);
  assert.deepEqual(
    parseMessage(pointer).questions.map(({ name }) => name),
    [['web'], ['a', 'web']],
  );
});

const MALFORMED: Readonly<Record<string, Buffer>> = {
  'nothing at all': Buffer.alloc(0),
  'less than a header': Buffer.alloc(11),
  'a question that is not there': header(1),
  'a name without end': withName(3, 0x77),
  'a label longer than 63': withName(0x40, ...Array(64).fill(0x61), 0),
  'a name longer than 255': withName(
    ...Array(5)
      .fill([63, ...Array(63).fill(0x61)])
      .flat(),
    0,
  ),
  'a pointer to itself': withName(0xc0, 12),
  'a pointer forwards': withName(0xc0, 14, 0),
  'a pointer into the header': withName(1, 0x61, 0xc0, 0),
  'a pointer cut in half': Buffer.concat([header(1), Buffer.of(0xc0)]),
  'a question cut off': Buffer.concat([header(1), Buffer.of(0, 0, 1)]),
  'a record that is not there': header(0, 0, 0, 1),
  'data longer than the message': Buffer.concat([
    header(0, 1),
    Buffer.of(0, 0, 1, 0, 1, 0, 0, 0, 0, 255, 255),
  ]),
  'more questions than bytes': Buffer.concat([header(65_535), Buffer.alloc(20)]),
  'two OPT records': Buffer.concat([
    header(0, 0, 0, 2),
    ...[1, 2].map(() => Buffer.of(0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0)),
  ]),
};

for (const [what, bytes] of Object.entries(MALFORMED)) {
  test(`refused: ${what}`, () => {
    assert.throws(() => parseMessage(bytes), failsWith('INVALID_FIELD', /^not a DNS message: /));
  });
}

test('a chain of pointers is followed for a while, and not to its end', () => {
  const chain = (pointers: number) => {
    const bytes = Buffer.alloc(14 + 2 * pointers);
    for (let at = 14; at < bytes.length; at += 2) bytes.writeUInt16BE(0xc000 + at - 2, at);
    return readName(bytes, bytes.length - 2);
  };
  assert.deepEqual(chain(64).name, []);
  assert.throws(() => chain(65), failsWith('INVALID_FIELD', /leads nowhere/));
});

test('whatever comes in, parsing ends with a bounded message or a refusal of ours', (t) => {
  const seed = Number(process.env.BANGER_SEED ?? Date.now() % 2 ** 31);
  t.diagnostic(`seed ${seed}; repeat with BANGER_SEED=${seed}`);
  const random = randomOf(seed);
  const query = parseMessage(queryBytes('a.long.enough.name.web.vm', 1, EDNS));
  const samples = [
    queryBytes('web.vm', 1, EDNS),
    queryBytes('www.example.org'),
    encodeReply(query, REPLY, 512),
  ];
  for (let round = 0; round < 30_000; round++) {
    const bytes = mutate(samples[random(samples.length)] ?? Buffer.alloc(0), random);
    try {
      const { questions, records } = parseMessage(bytes);
      for (const { name } of [...questions, ...records]) {
        const length = name.reduce((sum, label) => sum + label.length + 1, 1);
        assert.ok(length <= 255 && name.every((label) => label.length >= 1 && label.length <= 63));
      }
      assert.ok(questions.length + records.length <= bytes.length);
    } catch (error) {
      if (!(error instanceof BangerError)) throw error;
    }
  }
});

/** Cut, grown, and with a few bytes changed, most often to what means something to a parser. */
function mutate(sample: Buffer, random: (below: number) => number): Buffer {
  const grown = Buffer.concat([sample, Buffer.alloc(random(40), random(256))]);
  const bytes = grown.subarray(0, random(4) === 0 ? random(grown.length + 1) : grown.length);
  const telling = [0, 1, 0x3f, 0x40, 0xc0, 0xff];
  for (let change = random(6); change > 0 && bytes.length > 0; change--) {
    const value = random(2) === 0 ? (telling[random(telling.length)] ?? 0) : random(256);
    bytes.writeUInt8(value, random(bytes.length));
  }
  return bytes;
}
