import koffi from 'koffi';
import { BangerError } from './errors.ts';

/** A network device, as far as one question to the kernel tells it. */
export type DeviceLink = {
  readonly index: number;
  /** "bridge", "tun", "veth" and so on; empty for hardware. */
  readonly kind: string;
  readonly tap: boolean;
  /** Index of the bridge that it is a port of. */
  readonly bridge: number | undefined;
  /** Whether it is kept from the other isolated ports of its bridge. */
  readonly isolated: boolean;
};

const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 0o2000003;
const MSG_DONTWAIT = 0x40;
const ENODEV = 19;

/** rtnetlink(7): a header, then a struct ifinfomsg with the index at its fourth byte, then attributes. */
const RTM_GETLINK = 18;
const NLM_F_REQUEST = 1;
const NLMSG_ERROR = 2;
const HEADER_BYTES = 16;
const INDEX_AT = 20;
const ATTRIBUTES_AT = 32;
const ANSWER_BYTES = 64 * 1024;

/** linux/if_link.h */
const IFLA_IFNAME = 3;
const IFLA_MASTER = 10;
const IFLA_LINKINFO = 18;
const INFO = { kind: 1, data: 2, portKind: 4, portData: 5 };
const IFLA_TUN_TYPE = 3;
const IFF_TAP = 2;
const IFLA_BRPORT_ISOLATED = 33;

/**
 * Asks the kernel for one device by its name, absent when there is none. The kernel answers while the question is
 * being sent, so nothing waits. Numbers are in the machine's order, which is the same on all that Node runs on here.
 */
export function openDeviceLinks(): (device: string) => DeviceLink | undefined {
  const libc = koffi.load('libc.so.6');
  const socket = libc.func('int socket(int domain, int type, int protocol)');
  const close = libc.func('int close(int fd)');
  const send = libc.func('intptr_t send(int fd, const uint8_t *bytes, size_t size, int flags)');
  const receive = libc.func('intptr_t recv(int fd, _Out_ uint8_t *bytes, size_t size, int flags)');
  return (device) => {
    const fd: number = socket(AF_NETLINK, SOCK_RAW_CLOEXEC, 0);
    if (fd < 0) throw failed('socket', koffi.errno());
    try {
      const question = questionFor(device);
      if (send(fd, question, question.length, 0) < 0) throw failed('send', koffi.errno());
      const answer = Buffer.alloc(ANSWER_BYTES);
      const size: number = receive(fd, answer, answer.length, MSG_DONTWAIT);
      if (size < HEADER_BYTES) throw failed('recv', koffi.errno());
      return parseAnswer(answer.subarray(0, Math.min(size, answer.readUInt32LE(0))));
    } finally {
      close(fd);
    }
  };
}

function questionFor(device: string): Buffer {
  const name = Buffer.from(`${device}\0`);
  const attributeBytes = 4 + name.length;
  const question = Buffer.alloc(ATTRIBUTES_AT + align(attributeBytes));
  question.writeUInt32LE(question.length, 0);
  question.writeUInt16LE(RTM_GETLINK, 4);
  question.writeUInt16LE(NLM_F_REQUEST, 6);
  question.writeUInt16LE(attributeBytes, ATTRIBUTES_AT);
  question.writeUInt16LE(IFLA_IFNAME, ATTRIBUTES_AT + 2);
  name.copy(question, ATTRIBUTES_AT + 4);
  return question;
}

function parseAnswer(answer: Buffer): DeviceLink | undefined {
  if (answer.readUInt16LE(4) === NLMSG_ERROR) {
    const errno = -answer.readInt32LE(HEADER_BYTES);
    if (errno === ENODEV) return undefined;
    throw failed('RTM_GETLINK', errno);
  }
  const attributes = parseAttributes(answer.subarray(ATTRIBUTES_AT));
  const info = parseAttributes(attributes.get(IFLA_LINKINFO));
  const kind = textOf(info.get(INFO.kind));
  const isPort = textOf(info.get(INFO.portKind)) === 'bridge';
  return {
    index: answer.readInt32LE(INDEX_AT),
    kind,
    tap: kind === 'tun' && parseAttributes(info.get(INFO.data)).get(IFLA_TUN_TYPE)?.[0] === IFF_TAP,
    bridge: isPort ? attributes.get(IFLA_MASTER)?.readUInt32LE(0) : undefined,
    isolated: parseAttributes(info.get(INFO.portData)).get(IFLA_BRPORT_ISOLATED)?.[0] === 1,
  };
}

/** Length and type of two bytes each, then the value; each begins at a multiple of four. */
function parseAttributes(bytes: Buffer = Buffer.alloc(0)): ReadonlyMap<number, Buffer> {
  const found = new Map<number, Buffer>();
  for (let at = 0; at + 4 <= bytes.length; ) {
    const length = bytes.readUInt16LE(at);
    if (length < 4) break;
    // The two highest bits of the type say only how the value is written.
    found.set(bytes.readUInt16LE(at + 2) & 0x3fff, bytes.subarray(at + 4, at + length));
    at += align(length);
  }
  return found;
}

function align(length: number): number {
  return Math.ceil(length / 4) * 4;
}

function textOf(bytes: Buffer | undefined): string {
  return bytes?.toString('latin1').split('\0')[0] ?? '';
}

function failed(what: string, errno: number): BangerError {
  return new BangerError('INTERNAL', `${what} for a device failed with errno ${errno}`);
}
