import type { WithCall } from '#kit/call-middleware.ts';
import { BangerError } from '#kit/errors.ts';
import { toStageMessage } from '#kit/operation-service.ts';
import type { PrepareVmWorkspaceRequest, VmServiceImplementation } from '#proto/banger/v1/vm.ts';
import { exportVmWorkspace } from './domain/export-vm-workspace.ts';
import { listVmWorkspace } from './domain/list-vm-workspace.ts';
import type { Vmd } from './domain/ports.ts';
import { prepareVmWorkspace } from './domain/prepare-vm-workspace.ts';
import { invalid } from './messages/requests.ts';
import { toWorkspaceMessage } from './messages/vm-message.ts';
import { parseExportPaths, parseWorkspace } from './messages/workspace-request.ts';

type Methods = 'prepareVmWorkspace' | 'listVmWorkspace' | 'exportVmWorkspace';

/** What VmService does with the repositories in guests. */
export function workspaceMethods(vmd: Vmd): Pick<VmServiceImplementation<WithCall>, Methods> {
  return {
    async *prepareVmWorkspace(requests, { call }) {
      const inputs = requests[Symbol.asyncIterator]();
      const first: PrepareVmWorkspaceRequest | undefined = (await inputs.next()).value;
      if (first?.part?.$case !== 'start') {
        throw invalid('part', 'the first message must be "start"');
      }
      const { vm, workspace } = first.part.value;
      const wanted = { vm, workspace: parseWorkspace(workspace) };
      const stages = vmd.operations.run(call, {
        verb: 'prepare workspace',
        target: vm,
        detach: false,
        work: (inner, report) => prepareVmWorkspace(vmd, inner, wanted, chunksOf(inputs), report),
      });
      let next = await stages.next();
      for (; next.done !== true; next = await stages.next()) {
        yield { part: { $case: 'stage', value: toStageMessage(next.value) } };
      }
      const prepared = next.value.workspace;
      if (prepared === undefined) throw new BangerError('INTERNAL', 'no workspace was recorded');
      yield { part: { $case: 'workspace', value: toWorkspaceMessage(prepared) } };
    },
    async *listVmWorkspace({ vm }, { call }) {
      for await (const entries of listVmWorkspace(vmd, call, vm)) {
        for (const some of inMessages(entries)) yield { entries: some };
      }
    },
    async *exportVmWorkspace({ vm, paths }, { call }) {
      for await (const chunk of exportVmWorkspace(vmd, call, vm, parseExportPaths(paths))) {
        yield { chunk: Buffer.from(chunk) };
      }
    },
  };
}

/** Entries have names and targets of at most 8 KiB, and a message at most 4 MiB. */
const ENTRIES_A_MESSAGE = 256;

function* inMessages<Item>(items: readonly Item[]): Generator<Item[], void> {
  for (let at = 0; at < items.length; at += ENTRIES_A_MESSAGE) {
    yield items.slice(at, at + ENTRIES_A_MESSAGE);
  }
}

async function* chunksOf(
  inputs: AsyncIterator<PrepareVmWorkspaceRequest>,
): AsyncGenerator<Uint8Array, void> {
  for (let next = await inputs.next(); next.done !== true; next = await inputs.next()) {
    if (next.value.part?.$case !== 'chunk') throw invalid('part', 'only chunks may follow "start"');
    yield next.value.part.value;
  }
}
