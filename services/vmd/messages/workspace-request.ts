import { type Workspace, WorkspaceMode } from '#proto/banger/v1/vm.ts';
import type { PrepareWorkspace } from '../domain/prepare-vm-workspace.ts';
import { invalid } from './requests.ts';

const MODES: Readonly<Partial<Record<WorkspaceMode, PrepareWorkspace['mode']>>> = {
  [WorkspaceMode.OVERLAY]: 'overlay',
  [WorkspaceMode.FULL_COPY]: 'full-copy',
};

export function parseWorkspace(workspace: Workspace | undefined): PrepareWorkspace {
  if (workspace === undefined) throw invalid('workspace', 'say which workspace');
  const { guestPath, hostPath, headCommit, branch, readOnly, mode } = workspace;
  const found = MODES[mode];
  if (found === undefined) throw invalid('mode', 'say how to copy it: overlay or full copy');
  if (!/^(?:\/[^/\0]+)+$/.test(guestPath) || /\/\.{1,2}(?:\/|$)/.test(guestPath)) {
    throw invalid('guest_path', 'a workspace is a folder of the guest, such as "/root/repo"');
  }
  if (!/^(?:[0-9a-f]{40}|[0-9a-f]{64})?$/.test(headCommit)) {
    throw invalid('head_commit', 'a commit is 40 or 64 hexadecimal digits');
  }
  return { guestPath, hostPath, headCommit, branch, readOnly, mode: found };
}

const PATHS_BYTES_MAX = 2 ** 20;

/** They go to the guest as they are, which holds them to the workspace. */
export function parseExportPaths(paths: readonly Buffer[]): readonly Buffer[] {
  const bytes = paths.reduce((total, path) => total + path.length, 0);
  if (paths.length === 0) throw invalid('paths', 'say which files');
  if (bytes > PATHS_BYTES_MAX) throw invalid('paths', 'name at most 1 MiB of files at once');
  if (paths.some((path) => path.length === 0 || path.includes(0))) {
    throw invalid('paths', 'a path has at least one byte, and no NUL');
  }
  return paths;
}
