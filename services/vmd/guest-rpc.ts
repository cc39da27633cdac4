import type { Call } from '#kit/call.ts';
import type { WithCall } from '#kit/call-middleware.ts';
import type {
  CopyToVmRequest,
  ExecVmRequest,
  ExecVmResponse,
  VmServiceImplementation,
} from '#proto/banger/v1/vm.ts';
import { copyFromVm, copyToVm } from './domain/copy-vm.ts';
import { attachExec, execVm, listVmExecs } from './domain/exec-vm.ts';
import { getVmFile } from './domain/get-vm-file.ts';
import type { GuestExec } from './domain/guest.ts';
import type { Vmd } from './domain/ports.ts';
import { invalid, parseExec } from './messages/requests.ts';
import { toExitMessage, toFileMessage } from './messages/vm-message.ts';

type Methods = 'execVm' | 'listVmExecs' | 'copyToVm' | 'copyFromVm' | 'getVmFile';

/** What VmService does inside of guests. */
export function guestMethods(vmd: Vmd): Pick<VmServiceImplementation<WithCall>, Methods> {
  return {
    async *execVm(requests, { call }) {
      const inputs = requests[Symbol.asyncIterator]();
      const exec = await begin(vmd, call, (await inputs.next()).value);
      yield* converse(exec, inputs);
    },
    listVmExecs: async ({ vm }, { call }) => {
      const execs = await listVmExecs(vmd, call, vm);
      return {
        execs: execs.map(({ exit, ...exec }) => ({
          ...exec,
          arguments: [...exec.arguments],
          exit: exit === undefined ? undefined : toExitMessage(exit),
        })),
      };
    },
    copyToVm: async (requests, { call }) => {
      const inputs = requests[Symbol.asyncIterator]();
      const first: CopyToVmRequest | undefined = (await inputs.next()).value;
      if (first?.part?.$case !== 'start')
        throw invalid('part', 'the first message must be "start"');
      const { vm, ...start } = first.part.value;
      return copyToVm(vmd, call, vm, start, chunksOf(inputs));
    },
    getVmFile: async ({ vm, guestPath }, { call }) =>
      toFileMessage(await getVmFile(vmd, call, vm, guestPath)),
    async *copyFromVm({ vm, guestPath }, { call }) {
      for await (const chunk of copyFromVm(vmd, call, vm, guestPath)) {
        yield { chunk: Buffer.from(chunk) };
      }
    },
  };
}

async function* chunksOf(inputs: AsyncIterator<CopyToVmRequest>): AsyncGenerator<Uint8Array, void> {
  for (let next = await inputs.next(); next.done !== true; next = await inputs.next()) {
    if (next.value.part?.$case !== 'chunk') throw invalid('part', 'only chunks may follow "start"');
    yield next.value.part.value;
  }
}

async function begin(vmd: Vmd, call: Call, first: ExecVmRequest | undefined): Promise<GuestExec> {
  if (first?.part?.$case === 'start') {
    return execVm(vmd, call, first.part.value.vm, parseExec(first.part.value));
  }
  if (first?.part?.$case === 'attach') {
    return attachExec(vmd, call, first.part.value.vm, first.part.value.execId);
  }
  throw invalid('part', 'the first message must be "start" or "attach"');
}

/** Output to the caller and input from it at once; whichever way it ends, the program is let go. */
async function* converse(
  exec: GuestExec,
  inputs: AsyncIterator<ExecVmRequest>,
): AsyncGenerator<{ part: ExecVmResponse['part'] }, void> {
  const { execId, guestPid } = exec;
  const failed = Promise.withResolvers<never>();
  // A caller that breaks the rules, or its connection, ends the conversation; the exit may win that race.
  failed.promise.catch(() => undefined);
  feed(exec, inputs).catch(failed.reject);
  try {
    yield { part: { $case: 'started', value: { execId, guestPid } } };
    for await (const { stream, data } of exec.output()) {
      yield { part: { $case: stream, value: Buffer.from(data) } };
    }
    const exit = await Promise.race([exec.exit, failed.promise]);
    yield { part: { $case: 'exit', value: toExitMessage(exit) } };
  } finally {
    exec.release();
  }
}

async function feed(exec: GuestExec, inputs: AsyncIterator<ExecVmRequest>): Promise<void> {
  for (let next = await inputs.next(); next.done !== true; next = await inputs.next()) {
    const { part } = next.value;
    if (part?.$case === 'stdin') await exec.write(part.value);
    else if (part?.$case === 'stdinEnd') await exec.endInput();
    else if (part?.$case === 'resize') await exec.resize(part.value);
    else if (part?.$case === 'signal') await exec.signal(part.value);
    else throw invalid('part', 'a program can be started once only');
  }
}
