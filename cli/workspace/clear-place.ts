import { BangerError, hasReason } from '#kit/errors.ts';
import { printableName } from '#kit/names.ts';
import { type Vm, VmServiceDefinition } from '#proto/banger/v1/vm.ts';
import type { Context } from '../context.ts';
import { runGuestCommand } from './guest-command.ts';
import { count } from './left-behind.ts';
import type { WorkspacePlan } from './plan.ts';
import { findSnapshot } from './snapshot.ts';
import { listTree } from './tracked-files.ts';

/**
 * Before a workspace is prepared again: files that were there because they were here, and are not any more, go. Work
 * done in the guest is not overwritten unless that is asked for.
 */
export async function clearPlace(
  context: Context,
  vm: Vm,
  plan: WorkspacePlan,
  { guestPath, force }: { guestPath: string; force: boolean },
): Promise<void> {
  const { git } = plan.repository;
  if (vm.workspace?.guestPath !== guestPath) return;
  const snapshot = await findSnapshot(git, vm.id);
  const given = snapshot === undefined ? [] : await listTree(git, snapshot);
  const before = new Set(given.map(({ path }) => path.toString('latin1')));
  const coming = new Set(plan.files.map(({ path }) => path.toString('latin1')));
  if (!force) await refuseLoss(context, vm, new Set([...before, ...coming]));
  const stale = [...before].filter((name) => !coming.has(name));
  await remove(context, vm, guestPath, stale);
}

async function refuseLoss(context: Context, vm: Vm, ours: ReadonlySet<string>): Promise<void> {
  const touched = (await listTouched(context, vm)).filter((name) => ours.has(name));
  const [first] = touched;
  if (first === undefined) return;
  const shown = printableName(Buffer.from(first, 'latin1').toString());
  const others = touched.length === 1 ? '' : ` and ${touched.length - 1} more`;
  throw new BangerError(
    'OPERATION_REFUSED',
    `"${shown}"${others} changed in vm "${vm.name}" and would be overwritten; take the work out with: banger vm workspace export ${vm.name}, or give it up with: banger vm workspace prepare ${vm.name} --force`,
    { metadata: { vm: vm.name } },
  );
}

/** Nothing where the folder is not there any more: then nothing can be lost either. */
async function listTouched({ clients, signal }: Context, vm: Vm): Promise<string[]> {
  const touched: string[] = [];
  const vms = clients.of('vmd', VmServiceDefinition);
  try {
    for await (const { entries } of vms.listVmWorkspace({ vm: vm.id }, { signal })) {
      for (const { path, untouched } of entries) {
        if (!untouched) touched.push(path.toString('latin1'));
      }
    }
  } catch (error) {
    const gone = hasReason(error, 'INVALID_FIELD') && error.metadata.errno === 'ENOENT';
    if (!gone) throw error;
  }
  return touched;
}

/** Arguments of one command, well below what a kernel takes. */
const NAMES_AT_ONCE = 200;

async function remove(
  context: Context,
  vm: Vm,
  guestPath: string,
  names: readonly string[],
): Promise<void> {
  // Arguments travel as text; a name that is none stays, and the next export tells it as new.
  const texts = names
    .map((name) => Buffer.from(name, 'latin1').toString())
    .filter((text) => !text.includes('\uFFFD'));
  for (let at = 0; at < texts.length; at += NAMES_AT_ONCE) {
    const some = texts.slice(at, at + NAMES_AT_ONCE).map((name) => `${guestPath}/${name}`);
    // By whole names, because the folder itself may be gone.
    const command = { arguments: ['rm', '-rf', '--', ...some], workingDir: '/' };
    const status = await runGuestCommand(context, { vm: vm.id, ...command });
    if (status === 0) continue;
    const left = count(texts.length, 'file');
    context.out.note(`${left} that you removed here could not be removed in the guest`);
    return;
  }
}
