import assert from 'node:assert/strict';
import { closeSync, readSync, writeSync } from 'node:fs';
import { test } from 'node:test';
import { fromNumber, octetsOf, parseIpv4, parseSubnet, type Subnet } from '#kit/ipv4.ts';
import { loadLibc } from '#kit/libc.ts';
import { gateFilter } from './gate-filter.ts';

// The kernel itself judges: each frame goes through a socket pair with the filter, and a second one behind it proves
// that the way is open, so that what did not arrive was dropped.
const ETHER = { ipv4: 0x0800, arp: 0x0806, ipv6: 0x86dd, vlan: 0x8100 };
const LOCAL = ['192.0.2.2', '172.17.0.0/16'].map(parseSubnet);

type Packet = { to: string; protocol?: number; port?: number; fragment?: number; options?: number };

function frame({ to, protocol = 6, port = 80, fragment = 0, options = 0 }: Packet): Buffer {
  const words = 5 + options;
  const packet = Buffer.alloc(14 + words * 4 + 8);
  packet.writeUInt16BE(ETHER.ipv4, 12);
  packet.writeUInt8(0x40 + words, 14);
  packet.writeUInt16BE(fragment, 20);
  packet.writeUInt8(protocol, 23);
  packet.set(octetsOf(parseIpv4(to)), 30);
  packet.writeUInt16BE(port, 14 + words * 4 + 2);
  return packet;
}

function other(etherType: number): Buffer {
  const packet = frame({ to: '203.0.113.80' });
  packet.writeUInt16BE(etherType, 12);
  return packet;
}

/** Which of the frames arrive. */
function pass(frames: readonly Buffer[], local: readonly Subnet[] = LOCAL): boolean[] {
  const libc = loadLibc();
  const [guest, outside] = libc.messagePair();
  try {
    libc.attachFilter(outside, gateFilter(local));
    const witness = Buffer.concat([frame({ to: '203.0.113.80' }), Buffer.from('witness')]);
    return frames.map((sent) => {
      writeSync(guest, sent);
      writeSync(guest, witness);
      if (receive(outside).equals(witness)) return false;
      assert.deepEqual(receive(outside), witness);
      return true;
    });
  } finally {
    closeSync(guest);
    closeSync(outside);
  }
}

function receive(fd: number): Buffer {
  const buffer = Buffer.alloc(2048);
  return buffer.subarray(0, readSync(fd, buffer));
}

function expect(wanted: boolean, packets: readonly Packet[]): void {
  for (const [index, passed] of pass(packets.map(frame)).entries()) {
    assert.equal(passed, wanted, JSON.stringify(packets[index]));
  }
}

const to = (...addresses: string[]): Packet[] => addresses.map((address) => ({ to: address }));

test('what is for the outside passes, by any protocol and with any options', () => {
  expect(true, to('203.0.113.80', '192.0.2.1', '192.0.2.3', '172.16.255.255', '172.18.0.0'));
  expect(true, to('1.0.0.0', '10.0.1.255', '10.0.3.0', '126.255.255.255', '223.255.255.255'));
  expect(true, [{ to: '203.0.113.80', protocol: 17, port: 53, fragment: 0x2000, options: 3 }]);
});

test("what is for one of the host's own addresses does not", () => {
  expect(false, to('192.0.2.2', '172.17.0.0', '172.17.0.1', '172.17.255.255'));
  for (const protocol of [1, 6, 17, 47]) expect(false, [{ to: '192.0.2.2', protocol, options: 2 }]);
  expect(false, [{ to: '192.0.2.2', fragment: 0x00b9 }]);
});

test('no way leads to the loopback, to groups, or to a cloud', () => {
  expect(false, to('127.0.0.1', '127.0.0.53', '127.255.255.255', '0.0.0.0', '0.1.2.3'));
  expect(false, to('224.0.0.251', '239.1.1.1', '255.255.255.255', '169.254.169.254'));
  expect(false, to('10.0.2.2', '10.0.2.1', '10.0.2.4', '10.0.2.255'));
});

test('of the resolver one port is open, of the gateway the one that gives addresses', () => {
  const [tcp, udp] = [6, 17];
  const open = [tcp, udp].map((protocol) => ({ to: '10.0.2.3', protocol, port: 53 }));
  expect(true, open);
  expect(true, [{ ...open[0], to: '10.0.2.3', port: 53, options: 10 }]);
  expect(true, [{ to: '255.255.255.255', protocol: udp, port: 67 }]);
  expect(true, [{ to: '10.0.2.2', protocol: udp, port: 67 }]);
  expect(false, [
    { to: '10.0.2.3', protocol: tcp, port: 22 },
    { to: '10.0.2.3', protocol: udp, port: 54 },
    { to: '10.0.2.3', protocol: 1, port: 53 },
    { to: '10.0.2.2', protocol: udp, port: 53 },
    { to: '10.0.2.2', protocol: tcp, port: 67 },
    { to: '255.255.255.255', protocol: udp, port: 5353 },
  ]);
});

test('a fragment cannot carry a port past the filter', () => {
  for (const fragment of [0x2000, 0x0001, 0x1fff]) {
    expect(false, [{ to: '10.0.2.3', protocol: 17, port: 53, fragment }]);
  }
});

test('frames that are neither ARP nor IPv4, or no frames, are dropped', () => {
  const frames = [other(ETHER.arp), other(ETHER.ipv6), other(ETHER.vlan), Buffer.alloc(13)];
  assert.deepEqual(pass(frames), [true, false, false, false]);
  assert.deepEqual(pass([frame({ to: '203.0.113.80' }).subarray(0, 33)]), [false]);
});

test('a host with five hundred addresses is closed at each of them', () => {
  const first = 0xc6_12_00_00;
  const local = Array.from({ length: 500 }, (_, number) => fromNumber(first + number));
  const probes = [local[0], local[499], fromNumber(first + 500)].map((address = parseIpv4('')) =>
    frame({ to: address }),
  );
  const subnets = local.map((address) => ({ address, prefixLength: 32 }));
  assert.deepEqual(pass(probes, subnets), [false, false, true]);
});
