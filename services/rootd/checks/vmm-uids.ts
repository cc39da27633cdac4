import { readFileSync } from 'node:fs';
import { type HostCheck, pass } from '#kit/host-check.ts';
import type { UidRange } from '../vmm/uids.ts';

const NAME = 'uids for vmms';

/** Whoever else has one of these uids could reach into a VMM, and a VMM into what is theirs. */
export function checkVmmUids(
  { base, count }: UidRange,
  accounts: readonly { readonly name: string; readonly uid: number }[],
  subuidFile = '/etc/subuid',
): HostCheck {
  const end = base + count;
  const holders = accounts.filter(({ uid }) => uid >= base && uid < end);
  const ranges = readSubordinate(subuidFile).filter(
    (range) => range.base < end && base < range.base + range.count,
  );
  const owners = [...holders, ...ranges].map(({ name }) => name);
  if (owners.length === 0) return pass(NAME, `${base} to ${end - 1} are nobody else's`);
  return {
    name: NAME,
    status: 'fail',
    detail: `${base} to ${end - 1} overlap with what ${[...new Set(owners)].join(', ')} has; set rootd.uid_base to a free range`,
    remedy: '',
    packages: [],
  };
}

/** Ranges that user namespaces of these accounts may use; see subuid(5). */
function readSubordinate(file: string): (UidRange & { name: string })[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
  return text
    .split('\n')
    .map((line) => line.split(':'))
    .filter((fields) => fields.length === 3)
    .map(([name = '', base, count]) => ({ name, base: Number(base), count: Number(count) }));
}
