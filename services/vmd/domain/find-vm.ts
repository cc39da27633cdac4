import { BangerError } from '#kit/errors.ts';
import { printableName } from '#kit/names.ts';
import { findNearest } from '#kit/nearest.ts';
import type { Vmd } from './ports.ts';
import type { Vm } from './vm.ts';

const SHORTEST_PREFIX = 4;

/** The VM that a person means by a name, an id, or a unique prefix of an id. */
export async function findVm(vmd: Vmd, reference: string): Promise<Vm> {
  const vms = await vmd.store.list();
  const exact = vms.find(({ id, name }) => name === reference || id === reference);
  if (exact !== undefined) return exact;
  const candidates =
    reference.length < SHORTEST_PREFIX ? [] : vms.filter(({ id }) => id.startsWith(reference));
  const [only, second] = candidates;
  if (only === undefined) throw notFound(reference, vms);
  if (second !== undefined) throw ambiguous(reference, candidates);
  return only;
}

function notFound(reference: string, vms: readonly Vm[]): BangerError {
  const shown = printableName(reference);
  const near = findNearest(
    reference,
    vms.map(({ name }) => name),
  );
  const hint = near.length === 0 ? 'see: banger vm list' : `did you mean ${quoted(near)}?`;
  return new BangerError('VM_NOT_FOUND', `no vm "${shown}"; ${hint}`, {
    metadata: { vm: shown },
  });
}

function ambiguous(reference: string, candidates: readonly Vm[]): BangerError {
  const names = candidates.map(({ id, name }) => `${name} (${id})`);
  return new BangerError(
    'INVALID_REFERENCE',
    `"${reference}" is the beginning of several ids: ${names.join(', ')}; write more of it, or a name`,
    { metadata: { vm: reference } },
  );
}

function quoted(names: readonly string[]): string {
  return names.map((name) => `"${name}"`).join(' or ');
}
