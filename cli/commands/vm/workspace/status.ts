import { printableName } from '#kit/names.ts';
import { VmServiceDefinition } from '#proto/banger/v1/vm.ts';
import type { Command } from '../../../command.ts';
import { argumentText } from '../../../input.ts';
import { findChanges } from '../../../workspace/changes.ts';
import { workspaceToJson } from '../../../workspace/json.ts';
import { count } from '../../../workspace/left-behind.ts';
import { getPreparedVm } from '../../../workspace/prepared-vm.ts';
import { openRepository } from '../../../workspace/repository.ts';
import { findStaleness } from '../../../workspace/staleness.ts';

export const status: Command = {
  description:
    'Says where the workspace of a virtual machine came from, whether the repository has moved on since, and what changed in the guest.',
  arguments: [
    { spelling: '<vm>', description: 'name, id, or the beginning of an id', completes: 'vm' },
  ],
  examples: [
    { line: 'banger vm workspace status web', shows: 'where it came from and what changed' },
  ],
  next: 'banger vm workspace export NAME brings the changes back',
  async run(context, input) {
    const vms = context.clients.of('vmd', VmServiceDefinition);
    const { vm, workspace } = await getPreparedVm(
      vms,
      argumentText(input, 0) ?? '',
      context.signal,
    );
    const stale = await findStaleness(workspace, context.signal);
    const repository = await openRepository(workspace.hostPath, context.signal);
    const changes = await findChanges(context, vm, repository);
    const value = {
      ...workspaceToJson(workspace),
      stale: stale !== undefined,
      changed: changes.written.map(({ path }) => path.toString()),
      removed: changes.removed.map(String),
    };
    context.out.result(value, () =>
      [
        `vm         ${vm.name}`,
        `guest      ${workspace.guestPath}`,
        `host       ${printableName(workspace.hostPath)}`,
        `prepared   ${workspace.preparedAt?.toISOString() ?? ''}, ${value.mode}, ${workspace.headCommit.slice(0, 12) || 'no commit'} ${workspace.branch}`,
        `host head  ${stale === undefined ? 'the same' : `${stale.current.slice(0, 12)}; bring the guest up to date with: banger vm workspace prepare ${vm.name}`}`,
        `changes    ${count(value.changed.length, 'file')} written, ${value.removed.length} removed`,
        ...value.changed.map((path) => `  M ${printableName(path)}`),
        ...value.removed.map((path) => `  D ${printableName(path)}`),
      ].join('\n'),
    );
    return 0;
  },
};
