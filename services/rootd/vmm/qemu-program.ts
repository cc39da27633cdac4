import { existsSync, lstatSync } from 'node:fs';
import { BangerError } from '#kit/errors.ts';
import { FIRMWARE_FOLDER } from './qemu-command.ts';

/** What of the host's system QEMU needs beside itself: libraries, their index, firmware. */
const SYSTEM = [
  '/lib',
  '/lib64',
  '/usr/lib',
  '/usr/lib64',
  '/etc/ld.so.cache',
  FIRMWARE_FOLDER,
  '/usr/share/seabios',
];

/** The emulator must be the administrator's: whoever could write it would run what they like in every jail. */
export function checkQemu(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) {
    throw new BangerError(
      'HOST_NOT_READY',
      `there is no "${path}"; install it with: apt-get install qemu-system-x86`,
      { metadata: { path } },
    );
  }
  const ok =
    found.isFile() && found.uid === 0 && (found.mode & 0o022) === 0 && (found.mode & 1) === 1;
  if (ok) return;
  throw new BangerError(
    'HOST_NOT_READY',
    `"${path}" must be a program of root's that nobody else can write, and no link; set rootd.qemu to one`,
    { metadata: { path } },
  );
}

/** Host paths that appear in a jail, read-only. */
export function systemPaths(qemu: string): string[] {
  return [...SYSTEM.filter((path) => existsSync(path)), qemu];
}
