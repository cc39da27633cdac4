import koffi from 'koffi';
import { BangerError } from './errors.ts';

const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
const LOCK_EX_NB = 2 | 4;
const AF_UNIX = 1;
const SOCK_DGRAM_CLOEXEC = 2 | 0o2000000;
const SO_ATTACH_FILTER = 26;
const FILTER_STEP_BYTES = 8;

/** What Node has no API for. Loaded on first use, because loading the library costs milliseconds. */
export function loadLibc() {
  const libc = koffi.load('libc.so.6');
  const getsockopt = libc.func(
    'int getsockopt(int fd, int level, int name, _Out_ uint8_t *value, _Inout_ uint32_t *length)',
  );
  const flock = libc.func('int flock(int fd, int operation)');
  const socketpair = libc.func(
    'int socketpair(int domain, int type, int protocol, _Out_ int *pair)',
  );
  const program = koffi.struct({ steps: 'uint16_t', filter: 'uint8_t *' });
  const setFilter = libc.func('setsockopt', 'int', [
    ...['int', 'int', 'int'],
    koffi.pointer(program),
    'uint32_t',
  ]);
  return {
    /** struct ucred of the process that connected, as the kernel recorded it at connect time. */
    peerCredentials(fd: number): { pid: number; uid: number; gid: number } {
      const value = Buffer.alloc(12);
      if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, value, [value.length]) !== 0) {
        throw failed('SO_PEERCRED');
      }
      return {
        pid: value.readInt32LE(0),
        uid: value.readUInt32LE(4),
        gid: value.readUInt32LE(8),
      };
    },
    /** Takes the file's advisory lock, or says that somebody else has it. */
    tryLock(fd: number): boolean {
      return flock(fd, LOCK_EX_NB) === 0;
    },
    /** Two descriptors: each message that is written to one is read from the other. No program inherits them unasked. */
    messagePair(): [number, number] {
      const pair = [0, 0];
      if (socketpair(AF_UNIX, SOCK_DGRAM_CLOEXEC, 0, pair) !== 0) throw failed('socketpair');
      return [pair[0] ?? 0, pair[1] ?? 0];
    },
    /** From now on the kernel gives the socket only messages that this program of classic BPF accepts. */
    attachFilter(fd: number, filter: Buffer): void {
      const value = { steps: filter.length / FILTER_STEP_BYTES, filter };
      if (setFilter(fd, SOL_SOCKET, SO_ATTACH_FILTER, value, koffi.sizeof(program)) !== 0) {
        throw failed('SO_ATTACH_FILTER');
      }
    },
  };
}

function failed(what: string): BangerError {
  return new BangerError('INTERNAL', `${what} failed with errno ${koffi.errno()}`);
}

export type Libc = ReturnType<typeof loadLibc>;
