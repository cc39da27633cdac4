import { readFileSync } from 'node:fs';

/** Different after every boot of the host; see random(4). */
export function readBootId(file = '/proc/sys/kernel/random/boot_id'): string {
  return readFileSync(file, 'utf8').trim();
}
