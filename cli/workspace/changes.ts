import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Vm, VmServiceDefinition, type WorkspaceEntry } from '#proto/banger/v1/vm.ts';
import type { Context } from '../context.ts';
import { findLinkFault, findNameFault, refusedFile } from './check-name.ts';
import { isLink } from './file-mode.ts';
import { filterIgnored } from './ignored.ts';
import type { Repository } from './repository.ts';
import { openScratch, type Scratch } from './scratch.ts';
import { findSnapshot } from './snapshot.ts';
import { type IndexEntry, listSparse, listTree, SUBMODULE_MODE } from './tracked-files.ts';

/** What a guest did to its workspace, told from what it was given. */
export type Changes = {
  /** The commit that says what the guest was given; empty where there is none. */
  base: string;
  written: readonly WrittenFile[];
  removed: readonly Buffer[];
};

export type WrittenFile = Pick<WorkspaceEntry, 'path' | 'mode' | 'sizeBytes' | 'target'> & {
  /** What was there before. */
  given: IndexEntry | undefined;
};

export type ChangeOptions = { exclude?: readonly string[] };

/** For looking only; an export goes on with the same scratch repository. */
export async function findChanges(
  context: Context,
  vm: Vm,
  repository: Repository,
): Promise<Changes> {
  const folder = mkdtempSync(join(tmpdir(), 'banger-workspace-'));
  try {
    return await readChanges(context, vm, await openScratch(repository, folder, context.signal));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

export async function readChanges(
  context: Context,
  vm: Vm,
  scratch: Scratch,
  { exclude = [] }: ChangeOptions = {},
): Promise<Changes> {
  const { git } = scratch.repository;
  const snapshot = await findSnapshot(git, vm.id);
  const base = snapshot ?? vm.workspace?.headCommit ?? '';
  const given = base === '' ? [] : await listTree(git, base);
  const entries = await listEntries(context, vm, new Set(exclude));
  const known = new Map(given.map((entry) => [keyOf(entry), entry]));
  const submodules = given
    .filter(({ mode }) => mode === SUBMODULE_MODE)
    .map((entry) => `${keyOf(entry)}/`);
  // Without the snapshot nobody can say what the untouched files were, and every one is compared.
  const touched = entries.filter(({ untouched }) => !untouched || snapshot === undefined);
  const own = touched.filter((entry) => !isBelow(entry, submodules));
  const [old, fresh] = [
    own.filter((entry) => known.has(keyOf(entry))),
    own.filter((entry) => !known.has(keyOf(entry))),
  ];
  const kept = [...old, ...(await filterIgnored(context, vm, scratch, { base, old, fresh }))];
  for (const { path, mode, target } of kept) refuseLeavingLink(path, mode, target, known);
  const excluded = new Set(exclude);
  const present = new Set(entries.map(keyOf));
  const sparse = await listSparse(git);
  const gone = given.filter(
    (entry) =>
      entry.mode !== SUBMODULE_MODE &&
      !present.has(keyOf(entry)) &&
      !sparse.has(keyOf(entry)) &&
      !excluded.has(entry.path.toString()),
  );
  return {
    base,
    written: kept.map((entry) => ({ ...entry, given: known.get(keyOf(entry)) })),
    removed: gone.map(({ path }) => path),
  };
}

function keyOf({ path }: { path: Buffer }): string {
  return path.toString('latin1');
}

function isBelow(entry: { path: Buffer }, folders: readonly string[]): boolean {
  return folders.some((folder) => keyOf(entry).startsWith(folder));
}

/** Everything in the guest's folder, by names that git could have. */
async function listEntries(
  context: Context,
  vm: Vm,
  excluded: ReadonlySet<string>,
): Promise<WorkspaceEntry[]> {
  const all: WorkspaceEntry[] = [];
  const answers = context.clients
    .of('vmd', VmServiceDefinition)
    .listVmWorkspace({ vm: vm.id }, { signal: context.signal });
  for await (const { entries } of answers) {
    for (const entry of entries) {
      if (excluded.has(entry.path.toString())) continue;
      const fault = findNameFault(entry.path);
      if (fault !== undefined) throw refusedFile(entry.path, fault);
      all.push(entry);
    }
  }
  return all;
}

/** One that was a link before may be the user's own, wherever it leads; its new target may not be. */
function refuseLeavingLink(
  path: Buffer,
  mode: number,
  target: Buffer,
  known: ReadonlyMap<string, IndexEntry>,
): void {
  const fault = isLink(mode) ? findLinkFault(path, target) : undefined;
  if (fault === undefined || known.get(keyOf({ path }))?.mode === '120000') return;
  throw refusedFile(path, fault);
}
