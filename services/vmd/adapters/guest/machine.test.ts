import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { FieldWriter } from './fields.ts';
import { FRAME } from './protocol.ts';
import { failsWith } from './testing/fails-with.ts';
import { startGreetedGuest } from './testing/greeted-guest.ts';
import { playGuest } from './testing/played-guest.ts';

test('an agent without a machine of its own touches none', async (t) => {
  const { guest } = await startGreetedGuest(t);
  const refused = failsWith('OPERATION_REFUSED', /does not run a machine of its own/);
  await assert.rejects(guest.powerOff(), refused);
  await assert.rejects(guest.reboot(), refused);
  await assert.rejects(guest.setClock(new Date(0)), refused);
  await assert.rejects(guest.addEntropy(Buffer.alloc(32)), refused);
  await assert.rejects(guest.setIdentity('hostname x\n'), refused);
});

test('listening ports come with the process that owns them', async (t) => {
  const { guest } = await startGreetedGuest(t);
  const tcp = createServer().listen(0, '127.0.0.1');
  const six = createServer().listen(0, '::1');
  const udp = createSocket('udp4').bind(0, '127.0.0.1');
  t.after(() => [tcp, six, udp].forEach((socket) => void socket.close()));
  await Promise.all([once(tcp, 'listening'), once(six, 'listening'), once(udp, 'listening')]);
  const ports = await guest.ports();
  const find = (protocol: string, port: number) =>
    ports.find((each) => each.protocol === protocol && each.port === port);
  const portOf = (server: typeof tcp) => (server.address() as AddressInfo).port;
  const found = find('tcp', portOf(tcp));
  assert.deepEqual([found?.address, found?.pid], ['127.0.0.1', process.pid]);
  assert.ok(found !== undefined && found.processName.length > 0);
  assert.equal(find('tcp', portOf(six))?.address, '::1');
  assert.equal(find('udp', udp.address().port)?.pid, process.pid);
});

test('figures are those of the machine', async (t) => {
  const { guest } = await startGreetedGuest(t);
  const figures = await guest.figures();
  assert.ok(figures.memory.totalBytes > figures.memory.availableBytes);
  assert.ok(figures.cpu.count > 0 && figures.cpu.idleUs > 0 && figures.uptimeNs > 0);
  assert.deepEqual(
    figures.mounts.map(({ path }) => path),
    ['/', '/root'],
  );
  assert.ok((figures.mounts[0]?.totalBytes ?? 0) > (figures.mounts[0]?.freeBytes ?? 0));
});

test('sync and ping answer', async (t) => {
  const { guest } = await startGreetedGuest(t);
  await guest.ping();
  await guest.sync();
});

test('what a guest calls its processes cannot write to a terminal', async () => {
  const { connected, played } = await playGuest();
  const guest = await connected;
  const ports = guest.ports();
  const record = new FieldWriter().u8(6).u8(4);
  for (const word of [0x0100007f, 0, 0, 0]) record.u32(word);
  record.u16(80).u32(0).u32(7).text('\x1b[2Jxy');
  const payload = new FieldWriter().bytes(record.build()).build();
  played.send({ type: FRAME.DATA, stream: 1, channel: 1, payload });
  played.send({ type: FRAME.END, stream: 1, channel: 1 });
  played.send({ type: FRAME.RESULT, stream: 1 });
  const [found] = await ports;
  assert.deepEqual([found?.address, found?.port, found?.processName], ['127.0.0.1', 80, '?[2Jxy']);
  guest.close();
});

test('a list that ends in the middle of a record is refused', async () => {
  const { connected, played } = await playGuest();
  const guest = await connected;
  const ports = guest.ports();
  played.send({ type: FRAME.DATA, stream: 1, channel: 1, payload: Buffer.from([9, 0, 0, 0, 6]) });
  played.send({ type: FRAME.END, stream: 1, channel: 1 });
  played.send({ type: FRAME.RESULT, stream: 1 });
  await assert.rejects(ports, failsWith('GUEST_UNREACHABLE', /broke the protocol/));
  guest.close();
});
