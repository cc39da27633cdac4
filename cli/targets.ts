import { BangerError } from '#kit/errors.ts';
import { findNearest } from '#kit/nearest.ts';
import { type Vm, VmServiceDefinition } from '#proto/banger/v1/vm.ts';
import type { Context } from './context.ts';
import { EXIT, formatError } from './output/error.ts';

const SHORTEST_PREFIX = 4;

/**
 * Runs a verb on several VMs side by side. All references are looked up in one snapshot; what is named twice is
 * done once; good ones go ahead when others are missing. Results are told in the order they were named.
 */
export async function onEachVm<Result>(
  context: Context,
  references: readonly string[],
  verb: (vm: Vm) => Promise<Result>,
  tell: (vm: Vm, result: Result) => void,
): Promise<number> {
  const { clients, signal } = context;
  const { vms } = await clients.of('vmd', VmServiceDefinition).listVms({}, { signal });
  const found = references.map((reference) => lookUp(vms, reference));
  const unique = [
    ...new Map(found.flatMap((vm) => (vm instanceof BangerError ? [] : [[vm.id, vm]]))).values(),
  ];
  const done = await Promise.allSettled(unique.map(verb));
  let code: number = EXIT.ok;
  const fail = (error: unknown) => {
    const { text, code: failed } = formatError(error, { json: context.out.json, color: false });
    context.out.stderr.write(text);
    code = failed;
  };
  for (const vm of found) if (vm instanceof BangerError) fail(vm);
  for (const [index, outcome] of done.entries()) {
    const vm = unique[index];
    if (outcome.status === 'rejected') fail(outcome.reason);
    else if (vm !== undefined) tell(vm, outcome.value);
  }
  return code;
}

function lookUp(vms: readonly Vm[], reference: string): Vm | BangerError {
  const exact = vms.find(({ id, name }) => name === reference || id === reference);
  if (exact !== undefined) return exact;
  const matching =
    reference.length < SHORTEST_PREFIX ? [] : vms.filter(({ id }) => id.startsWith(reference));
  const [only, second] = matching;
  if (only !== undefined && second === undefined) return only;
  const near = findNearest(
    reference,
    vms.map(({ name }) => name),
  );
  const hint =
    matching.length > 1
      ? `it is the beginning of several ids: ${matching.map(({ name }) => name).join(', ')}`
      : near.length > 0
        ? `did you mean ${near.map((name) => `"${name}"`).join(' or ')}?`
        : 'see: banger vm list';
  return new BangerError('VM_NOT_FOUND', `no vm "${reference}"; ${hint}`, {
    metadata: { vm: reference },
  });
}
