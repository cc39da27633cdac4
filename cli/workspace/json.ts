import type { Workspace } from '#proto/banger/v1/vm.ts';
import { WorkspaceMode } from '#proto/banger/v1/vm.ts';

export function modeName(mode: WorkspaceMode): string {
  return mode === WorkspaceMode.FULL_COPY ? 'full-copy' : 'overlay';
}

/** A workspace as --json prints it: the contract's fields, with its mode in plain words. */
export function workspaceToJson(workspace: Workspace) {
  return { ...workspace, mode: modeName(workspace.mode) };
}
