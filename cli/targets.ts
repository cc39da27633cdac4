import { BangerError, type Reason } from '#kit/errors.ts';
import { printableName } from '#kit/names.ts';
import { findNearest } from '#kit/nearest.ts';
import { type Vm, VmServiceDefinition } from '#proto/banger/v1/vm.ts';
import type { Argument } from './command.ts';
import type { Context } from './context.ts';
import { EXIT, formatError } from './output/error.ts';

const SHORTEST_PREFIX = 4;

export const VMS_ARGUMENT: Argument = {
  spelling: '<vm...>',
  description: 'names, ids, or beginnings of ids',
  completes: 'vm',
};

/** What references may name: a snapshot of all there is, and how to say that something is not there. */
export type Known<Target> = {
  all: readonly Target[];
  noun: string;
  reason: Reason;
  /** The command that shows what there is. */
  list: string;
};

/** What a verb does on each, and what is said of each that went well. */
export type OnEach<Target, Result> = {
  verb(target: Target): Promise<Result>;
  /** Called when all have ended, before anything is said. */
  ended?(): void;
  tell(target: Target, result: Result): void;
};

type Named = { id: string; name: string };

/**
 * Runs a verb on several things side by side. All references are looked up in one snapshot; what is named twice is
 * done once; good ones go ahead when others are missing. Results are told in the order they were named.
 */
export async function onEach<Target extends Named, Result>(
  { out }: Pick<Context, 'out'>,
  known: Known<Target>,
  references: readonly string[],
  { verb, ended, tell }: OnEach<Target, Result>,
): Promise<number> {
  const found = references.map((reference) => lookUp(known, reference));
  const targets = found.flatMap((each) => (each instanceof BangerError ? [] : [each]));
  const unique = [...new Map(targets.map((target) => [target.id, target])).values()];
  const done = await Promise.allSettled(unique.map(verb));
  ended?.();
  let code: number = EXIT.ok;
  const fail = (error: unknown) => {
    const { text, code: failed } = formatError(error, { json: out.json, color: false });
    out.stderr.write(text);
    code = failed;
  };
  for (const each of found) if (each instanceof BangerError) fail(each);
  for (const [index, outcome] of done.entries()) {
    const target = unique[index];
    if (outcome.status === 'rejected') fail(outcome.reason);
    else if (target !== undefined) tell(target, outcome.value);
  }
  return code;
}

/** Deletes several things, and prints what is gone. */
export async function deleteEach<Target extends Named>(
  context: Pick<Context, 'out'>,
  known: Known<Target>,
  references: readonly string[],
  verb: (target: Target) => Promise<unknown>,
): Promise<number> {
  const deleted: Target[] = [];
  const tell = (target: Target) => void deleted.push(target);
  const code = await onEach(context, known, references, { verb, tell });
  context.out.lines(
    deleted,
    (target) => target,
    ({ name }) => name,
  );
  return code;
}

export async function onEachVm<Result>(
  context: Context,
  references: readonly string[],
  each: OnEach<Vm, Result>,
): Promise<number> {
  const { clients, signal } = context;
  const { vms: all } = await clients.of('vmd', VmServiceDefinition).listVms({}, { signal });
  const known = { all, noun: 'vm', reason: 'VM_NOT_FOUND', list: 'banger vm list' } as const;
  return onEach(context, known, references, each);
}

function lookUp<Target extends Named>(
  { all, noun, reason, list }: Known<Target>,
  reference: string,
): Target | BangerError {
  // A name comes before an id: names are what people choose.
  const exact =
    all.find(({ name }) => name === reference) ?? all.find(({ id }) => id === reference);
  if (exact !== undefined) return exact;
  const matching =
    reference.length < SHORTEST_PREFIX ? [] : all.filter(({ id }) => id.startsWith(reference));
  const [only, second] = matching;
  if (only !== undefined && second === undefined) return only;
  const near = findNearest(
    reference,
    all.map(({ name }) => name),
  );
  const hint =
    matching.length > 1
      ? `it is the beginning of several ids: ${matching.map(({ name }) => name).join(', ')}`
      : near.length > 0
        ? `did you mean ${near.map((name) => `"${name}"`).join(' or ')}?`
        : `see: ${list}`;
  const shown = printableName(reference);
  return new BangerError(reason, `no ${noun} "${shown}"; ${hint}`, { metadata: { [noun]: shown } });
}
