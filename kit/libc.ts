import koffi from 'koffi';
import { BangerError } from './errors.ts';

const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
const LOCK_EX_NB = 2 | 4;

/** What Node has no API for. Loaded on first use, because loading the library costs milliseconds. */
export function loadLibc() {
  const libc = koffi.load('libc.so.6');
  const getsockopt = libc.func(
    'int getsockopt(int fd, int level, int name, _Out_ uint8_t *value, _Inout_ uint32_t *length)',
  );
  const flock = libc.func('int flock(int fd, int operation)');
  return {
    /** struct ucred of the process that connected, as the kernel recorded it at connect time. */
    peerCredentials(fd: number): { pid: number; uid: number; gid: number } {
      const value = Buffer.alloc(12);
      if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, value, [value.length]) !== 0) {
        throw new BangerError('INTERNAL', `SO_PEERCRED failed with errno ${koffi.errno()}`);
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
  };
}

export type Libc = ReturnType<typeof loadLibc>;
