import koffi from 'koffi';
import { BangerError } from './errors.ts';
import { fromNumber, type Subnet } from './ipv4.ts';

const AF_INET = 2;
const SOCK_DGRAM_CLOEXEC = 0o2000002;
const SIOCGIFADDR = 0x8915;
const SIOCGIFNETMASK = 0x891b;
/** struct ifreq: a name of 16 bytes with its end, then a struct sockaddr_in, whose address is at its fourth. */
const REQUEST_BYTES = 40;
const LONGEST_NAME_BYTES = 15;
const ADDRESS_AT = 20;

/** Reads the first IPv4 address of a network device, absent when it has none; see netdevice(7). */
export function openDeviceAddresses(): (device: string) => Subnet | undefined {
  const libc = koffi.load('libc.so.6');
  const socket = libc.func('int socket(int domain, int type, int protocol)');
  const close = libc.func('int close(int fd)');
  const ioctl = libc.func('int ioctl(int fd, unsigned long request, _Inout_ uint8_t *value)');
  return (device) => {
    const fd: number = socket(AF_INET, SOCK_DGRAM_CLOEXEC, 0);
    if (fd < 0) throw new BangerError('INTERNAL', `socket failed with errno ${koffi.errno()}`);
    const ask = (question: number) => {
      const request = requestFor(device);
      return ioctl(fd, question, request) === 0 ? request.readUInt32BE(ADDRESS_AT) : undefined;
    };
    try {
      const [address, mask] = [ask(SIOCGIFADDR), ask(SIOCGIFNETMASK)];
      if (address === undefined || mask === undefined) return undefined;
      return { address: fromNumber(address), prefixLength: 32 - Math.log2(2 ** 32 - mask) };
    } finally {
      close(fd);
    }
  };
}

function requestFor(device: string): Buffer {
  const name = Buffer.from(device);
  if (name.length > LONGEST_NAME_BYTES) throw new Error(`too long for a device: "${device}"`);
  const request = Buffer.alloc(REQUEST_BYTES);
  name.copy(request);
  return request;
}
