import { readConfig } from '#kit/config-file.ts';
import { BangerError } from '#kit/errors.ts';
import { printableName } from '#kit/names.ts';
import { integer, path, size, text } from '#kit/settings.ts';

const GIB = 2 ** 30;

/** The table [rootd] of the configuration file. */
export function readRootdConfig(file: string) {
  const table = readConfig(file, 'rootd', {
    // Between the uids that systemd hands out (up to 65535) and those that user namespaces get (from 100000);
    // see systemd's UIDS-GIDS.md and subuid(5).
    uid_base: integer(80_000, { min: 1_000, max: 2_000_000_000 }),
    uid_count: integer(4_096, { min: 1, max: 65_536 }),
    qemu: path('/usr/bin/qemu-system-x86_64'),
    cgroup: text('banger'),
    largest_file: size(256 * GIB),
  });
  return {
    qemu: table.qemu,
    uids: { base: table.uid_base, count: table.uid_count },
    cgroup: parseGroupName(table.cgroup),
    largestFile: table.largest_file,
  };
}

/** One name, so that no group outside of ours can be meant. */
function parseGroupName(name: string): string {
  if (/^[a-z0-9][a-z0-9-]*$/.test(name)) return name;
  throw new BangerError(
    'INVALID_FIELD',
    `rootd.cgroup is "${printableName(name)}" and must be one name of a-z, 0-9 and "-"`,
    { metadata: { key: 'rootd.cgroup' } },
  );
}
