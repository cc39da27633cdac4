import { networkOf, parseIpv4, parseSubnet, type Subnet, toNumber } from '#kit/ipv4.ts';

/** QEMU's own network, by its documentation: the host as the guest sees it, and the host's DNS server. */
const GATEWAY = toNumber(parseIpv4('10.0.2.2'));
const RESOLVER = toNumber(parseIpv4('10.0.2.3'));
const EVERYBODY = 0xff_ff_ff_ff;

/** Nobody's: this host, QEMU's network, loopback, a cloud's metadata service, groups (of which the host may be one). */
const NEVER = ['0.0.0.0/8', '10.0.2.0/24', '127.0.0.0/8', '169.254.0.0/16', '224.0.0.0/3'].map(
  parseSubnet,
);

const ARP = 0x0806;
const IPV4 = 0x0800;
const TCP = 6;
const UDP = 17;
const DNS_PORT = 53;
const DHCP_PORT = 67;

/** Places in a frame: an Ethernet header of 14 bytes, then IPv4. */
const ETHER_TYPE = 12;
const HEADER_LENGTH = 14;
const FRAGMENT = 20;
const PROTOCOL = 23;
const DESTINATION = 30;
/** From the first byte behind the IPv4 header on, less that header's own length. */
const DESTINATION_PORT = 16;
/** More fragments follow, or one came before: the port need not be in this one. */
const IS_FRAGMENT = 0x3fff;

/** A step that asks can skip no more than these. */
const LONGEST_SKIP = 255;

/** One step of a classic BPF program, linux/filter.h: what, a number, and how many steps to skip if so and if not. */
type Step = readonly [code: number, k: number, ifSo?: number, ifNot?: number];

const load = (place: number): Step => [0x20, place];
const loadHalf = (place: number): Step => [0x28, place];
const loadByte = (place: number): Step => [0x30, place];
const loadHeaderLength = (place: number): Step => [0xb1, place];
const loadHalfBehindHeader = (place: number): Step => [0x48, place];
const and = (mask: number): Step => [0x54, mask];
const skipUnless = (value: number, steps: number): Step => [0x15, value, 0, steps];
const skipIf = (value: number, steps: number): Step => [0x15, value, steps, 0];
const skipUnlessAny = (bits: number, steps: number): Step => [0x45, bits, 0, steps];
const skip = (steps: number): Step => [0x05, steps];
const ACCEPT: Step = [0x06, 0xff_ff_ff_ff];
const DROP: Step = [0x06, 0];

/**
 * The program that drops a guest's frames for the host, in the form of struct sock_filter. A frame that is too short
 * for a step is dropped by the kernel. QEMU takes all of 10.0.2.0/24 but the guest for the host, and every port of
 * the resolver for one of the host's resolver, so only what is needed of them is open.
 */
export function gateFilter(local: readonly Subnet[]): Buffer {
  return encode([
    ...[loadHalf(ETHER_TYPE), skipUnless(ARP, 1), ACCEPT, skipIf(IPV4, 1), DROP],
    ...onlyPort(RESOLVER, DNS_PORT, [UDP, TCP]),
    ...onlyPort(EVERYBODY, DHCP_PORT, [UDP]),
    ...onlyPort(GATEWAY, DHCP_PORT, [UDP]),
    ...dropSubnets([...NEVER, ...local]),
    ACCEPT,
  ]);
}

function onlyPort(address: number, port: number, protocols: readonly number[]): Step[] {
  const rest = [
    ...[loadHalf(FRAGMENT), skipUnlessAny(IS_FRAGMENT, 1), DROP, loadByte(PROTOCOL)],
    ...protocols.map((protocol, index) => skipIf(protocol, protocols.length - index)),
    ...[DROP, loadHeaderLength(HEADER_LENGTH), loadHalfBehindHeader(DESTINATION_PORT)],
    ...[skipUnless(port, 1), ACCEPT, DROP],
  ];
  return [load(DESTINATION), skipUnless(address, rest.length), ...rest];
}

/** One step for each subnet, because the kernel bounds the memory of a socket's filter. */
function dropSubnets(subnets: readonly Subnet[]): Step[] {
  const byLength = Map.groupBy(subnets, ({ prefixLength }) => prefixLength);
  return [...byLength].flatMap(([prefixLength, alike]) => {
    const mask = 2 ** 32 - 2 ** (32 - prefixLength);
    const numbers = [...new Set(alike.map((subnet) => toNumber(networkOf(subnet))))];
    const runs = Math.ceil(numbers.length / LONGEST_SKIP);
    return [
      ...[load(DESTINATION), and(mask)],
      ...Array.from({ length: runs }, (_, run) =>
        dropAny(numbers.slice(run * LONGEST_SKIP, (run + 1) * LONGEST_SKIP)),
      ).flat(),
    ];
  });
}

function dropAny(numbers: readonly number[]): Step[] {
  const steps = numbers.map((number, index) => skipIf(number, numbers.length - index));
  return [...steps, skip(1), DROP];
}

function encode(steps: readonly Step[]): Buffer {
  const program = Buffer.alloc(steps.length * 8);
  for (const [index, [code, k, ifSo = 0, ifNot = 0]] of steps.entries()) {
    const at = index * 8;
    program.writeUInt16LE(code, at);
    program.writeUInt8(ifSo, at + 2);
    program.writeUInt8(ifNot, at + 3);
    program.writeUInt32LE(k, at + 4);
  }
  return program;
}
