import { execFileSync, spawnSync } from 'node:child_process';

/** The reason to skip a test that asks an independent reader, where there is none. */
export const noCpio: string | false =
  spawnSync('cpio', ['--version']).status === 0 ? false : 'cpio is not installed';

/** What cpio, an independent reader, says is in an archive: `mode links owner group size name` lines. */
export function listCpio(archive: Buffer): string[] {
  const listing = execFileSync('cpio', ['-itvn', '--quiet'], {
    input: archive,
    encoding: 'utf8',
    env: { PATH: '/usr/bin:/bin', TZ: 'UTC', LC_ALL: 'C' },
  });
  return listing
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/\s+/g, ' ').replace(/ \w{3} \d+ +\d{4}/, ''));
}

/** The content of one file of the archive. */
export function readFromCpio(archive: Buffer, path: string): Buffer {
  return execFileSync('cpio', ['-i', '--quiet', '--to-stdout', path], { input: archive });
}
