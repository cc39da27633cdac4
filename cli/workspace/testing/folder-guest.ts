import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { BangerError } from '#kit/errors.ts';
import { temporaryFolder } from '#kit/testing/temporary-folder.ts';
import type { Vm, WorkspaceEntry } from '#proto/banger/v1/vm.ts';
import { Vm as VmMessage, WorkspaceMode } from '#proto/banger/v1/vm.ts';
import type { Context } from '../../context.ts';
import { archiveWorkspace } from '../archive.ts';
import { makeGuestGit } from '../guest-git.ts';
import type { WorkspacePlan } from '../plan.ts';
import { keepSnapshot } from '../snapshot.ts';

const VM_ID = '0123456789abcdef';

/** What a hostile guest says instead of the truth. */
export type Lies = {
  entries?: readonly Partial<WorkspaceEntry>[];
  archive?: (paths: readonly Buffer[]) => AsyncIterable<Buffer>;
};

/** A folder that plays a guest's: prepared with tar, and listed and packed as vmd does it. */
export type FolderGuest = {
  root: string;
  vm: Vm;
  context: Context;
  notes: string[];
  lies: Lies;
  prepare(plan: WorkspacePlan): Promise<void>;
};

export function makeFolderGuest(t: TestContext): FolderGuest {
  const folder = temporaryFolder(t);
  const root = join(folder, 'guest');
  mkdirSync(root);
  const notes: string[] = [];
  const lies: Lies = {};
  let settledMs = 0;
  const service = {
    async *listVmWorkspace() {
      if (!existsSync(root)) throw noFolder();
      yield { entries: [...walk(root, settledMs), ...(lies.entries ?? []).map(toEntry)] };
    },
    async *exportVmWorkspace({ paths }: { paths: readonly Buffer[] }) {
      if (lies.archive === undefined) yield { chunk: pack(root, paths) };
      else for await (const chunk of lies.archive(paths)) yield { chunk };
    },
  };
  const vm = VmMessage.fromPartial({ id: VM_ID, name: 'web' });
  const context = {
    signal: new AbortController().signal,
    clients: { of: () => service },
    out: { note: (text: string) => void notes.push(text), stderr: { isTTY: false } },
  } as unknown as Context;
  return {
    root,
    vm,
    context,
    notes,
    lies,
    async prepare(plan) {
      const scratch = mkdtempSync(join(folder, 'scratch-'));
      const git = await makeGuestGit(plan, scratch);
      const wasReadOnly = vm.workspace?.readOnly === true;
      const tar = Buffer.concat(
        await Array.fromAsync(archiveWorkspace(plan, git, { wasReadOnly })),
      );
      execFileSync('tar', ['--no-same-owner', '-xpf', '-', '-C', root], { input: tar });
      await keepSnapshot(plan, VM_ID, scratch);
      const { repository, commit } = plan;
      vm.workspace = {
        guestPath: '/root/repo',
        hostPath: repository.root,
        headCommit: commit,
        branch: plan.branch,
        mode: WorkspaceMode.OVERLAY,
        readOnly: plan.options.readOnly,
        preparedAt: undefined,
      };
      settledMs = lstatSync(join(root, '.git/banger-prepared')).ctimeMs;
    },
  };
}

/** As vmd tells it of a guest. */
function noFolder(): BangerError {
  const metadata = { errno: 'ENOENT' };
  return new BangerError('INVALID_FIELD', 'cannot open folder: No such file or directory', {
    metadata,
  });
}

function toEntry(lie: Partial<WorkspaceEntry>): WorkspaceEntry {
  const honest = { mode: 0o100644, sizeBytes: 0, target: Buffer.alloc(0), untouched: false };
  return { ...honest, path: Buffer.from('lie'), ...lie };
}

function* walk(folder: string, settledMs: number, below = ''): Generator<WorkspaceEntry, void> {
  for (const bytes of readdirSync(Buffer.from(folder, 'latin1'), { encoding: 'buffer' })) {
    const name = bytes.toString('latin1');
    const whole = Buffer.from(`${folder}/${name}`, 'latin1');
    const status = lstatSync(whole);
    if (status.isDirectory()) {
      if (name !== '.git') yield* walk(`${folder}/${name}`, settledMs, `${below}${name}/`);
      continue;
    }
    yield {
      path: Buffer.from(`${below}${name}`, 'latin1'),
      mode: status.mode,
      sizeBytes: status.size,
      target: status.isSymbolicLink() ? readlinkSync(whole, 'buffer') : Buffer.alloc(0),
      untouched: status.ctimeMs <= settledMs && status.mtimeMs % 1000 === 0,
    };
  }
}

function pack(root: string, paths: readonly Buffer[]): Buffer {
  const args = ['-C', root, '--null', '--verbatim-files-from', '--files-from=-'];
  const input = Buffer.concat(paths.flatMap((path) => [path, Buffer.of(0)]));
  return execFileSync('tar', ['-c', '--format=pax', ...args], { input, maxBuffer: 2 ** 28 });
}
