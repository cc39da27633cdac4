import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What services that have ended should not have left: processes that know the folder, sockets, temporary files. */
export function findLeftovers(folder: string): string[] {
  const processes = processesThatKnow(folder).map(
    ({ pid, command }) => `process ${pid}: ${command}`,
  );
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.sock') || name.endsWith('.tmp') || name.startsWith('tmp/'),
  );
  return [...processes, ...files];
}

/** Every process with the folder in its arguments; all services of a test have it there. */
export function processesThatKnow(folder: string): { pid: number; command: string }[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids
    .map((pid) => ({ pid: Number(pid), command: commandOf(pid) }))
    .filter(({ pid, command }) => pid !== process.pid && command.includes(folder));
}

function commandOf(pid: string): string {
  try {
    return readFileSync(join('/proc', pid, 'cmdline'), 'utf8')
      .replaceAll('\0', ' ')
      .trim();
  } catch {
    // It ended since the listing.
    return '';
  }
}
