import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What a test file has left on the machine, by names that say what each thing is. Others use the machine too, and
 * leave things as they like: ours is what lies in the file's own temporary folder or speaks of it, and, of what has
 * no place there, what has banger's names and was not there before.
 */
export function findLeaks(folder: string, before: ReadonlySet<string>): string[] {
  return [
    ...readdirSync(folder).map((name) => `file ${join(folder, name)}`),
    ...processesOf(folder),
    ...linesOf('/proc/mounts')
      .filter((line) => line.includes(`${folder}/`))
      .map((line) => `mount ${line.split(' ')[1]}`),
    ...loopDevices()
      .filter(({ file }) => file.startsWith(`${folder}/`))
      .map(({ name, file }) => `loop device ${name} of ${file}`),
    ...[...namedThings()].filter((thing) => !before.has(thing)),
  ];
}

/** Network devices and namespaces of the host's that have names of banger's. */
export function namedThings(): Set<string> {
  const devices = namesIn('/sys/class/net').filter((name) => /^(br-banger|bgtap-)/.test(name));
  const namespaces = namesIn('/run/netns').filter((name) => name.includes('banger'));
  return new Set([
    ...devices.map((name) => `network device ${name}`),
    ...namespaces.map((name) => `network namespace ${name}`),
  ]);
}

/**
 * By their words or the folder that they stand in. One that has ended and was not collected yet, which PID 1 may
 * take its time for, has neither.
 */
function processesOf(folder: string): string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    if (Number(pid) === process.pid) return [];
    const command = readIfThere(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
    const isOurs = command.includes(`${folder}/`) || standsBelow(pid, folder);
    return isOurs ? [`process ${pid}: ${command}`] : [];
  });
}

function standsBelow(pid: string, folder: string): boolean {
  try {
    return readlinkSync(`/proc/${pid}/cwd`).startsWith(`${folder}/`);
  } catch {
    // It has ended, or is not to be looked at by whoever runs the tests, who did not start it then.
    return false;
  }
}

function loopDevices(): { name: string; file: string }[] {
  const loops = namesIn('/sys/block').filter((name) => name.startsWith('loop'));
  return loops.map((name) => ({
    name,
    file: readIfThere(`/sys/block/${name}/loop/backing_file`).trim(),
  }));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // There is none of these on this host.
    return [];
  }
}

function linesOf(file: string): string[] {
  return readIfThere(file).split('\n');
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // What it spoke of has gone since the listing.
    return '';
  }
}
