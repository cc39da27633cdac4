import { constants } from 'node:os';
import { BangerError } from '#kit/errors.ts';
import {
  type ExecExit,
  type ExecStart,
  type ExecVmRequest,
  VmServiceDefinition,
} from '#proto/banger/v1/vm.ts';
import type { Context } from '../context.ts';
import { createQueue, type Queue } from './queue.ts';

type Requests = Queue<{ part: NonNullable<ExecVmRequest['part']> }>;

/** The exit status of a program in a guest: the only way by which one becomes banger's own. */
export type GuestExit = { code: number };

/**
 * Runs a program in a guest with this terminal, or these pipes: input, output, signals and window size go through
 * as they come. Output goes nowhere but to stdout and stderr.
 */
export async function runInGuest(
  context: Context,
  start: Omit<Partial<ExecStart>, 'terminal'> & { vm: string },
): Promise<GuestExit> {
  const { clients, out, stdin } = context;
  const terminal = stdin.isTTY && out.stdout.isTTY ? terminalSize(out.stdout) : undefined;
  const requests: Requests = createQueue();
  void requests.push({ part: { $case: 'start', value: { ...EMPTY, ...start, terminal } } });
  using _input = forwardInput(context, requests, terminal !== undefined);
  using _signals = forwardSignals(context, requests);
  const leaving = new AbortController();
  const answers = clients
    .of('vmd', VmServiceDefinition)
    .execVm(requests, { signal: leaving.signal });
  let exit: ExecExit | undefined;
  try {
    for await (const { part } of answers) {
      if (part?.$case === 'stdout') await write(out.stdout, part.value);
      else if (part?.$case === 'stderr') await write(out.stderr, part.value);
      else if (part?.$case === 'exit') {
        exit = part.value;
        // The service waits for the end of the requests before it ends the call.
        requests.end();
      }
    }
  } finally {
    requests.end();
  }
  return { code: codeOf(exit) };
}

const EMPTY: ExecStart = {
  vm: '',
  arguments: [],
  environment: [],
  workingDir: '',
  user: '',
  terminal: undefined,
  detach: false,
};

function terminalSize({ rows, columns }: NodeJS.WriteStream) {
  return { rows: rows || 24, columns: columns || 80 };
}

function codeOf(exit: ExecExit | undefined): number {
  if (exit?.outcome?.$case === 'status') return exit.outcome.value;
  if (exit?.outcome?.$case === 'signal') return 128 + exit.outcome.value;
  throw new BangerError('GUEST_UNREACHABLE', 'the guest went away before the command ended');
}

async function write(stream: NodeJS.WriteStream, data: Uint8Array): Promise<void> {
  if (stream.write(data)) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  stream.once('drain', resolve);
  await promise;
}

/** With a terminal every key goes to the guest, Ctrl-C too; its own terminal makes signals of them. */
function forwardInput({ stdin }: Context, requests: Requests, raw: boolean): Disposable {
  const take = (chunk: Buffer) => {
    const waiting = requests.push({ part: { $case: 'stdin', value: chunk } });
    if (waiting === undefined) return;
    stdin.pause();
    void waiting.then(() => stdin.resume());
  };
  const end = () => void requests.push({ part: { $case: 'stdinEnd', value: true } });
  if (raw) stdin.setRawMode(true);
  stdin.on('data', take);
  stdin.on('end', end);
  stdin.resume();
  return {
    [Symbol.dispose]() {
      stdin.off('data', take);
      stdin.off('end', end);
      stdin.pause();
      if (raw) stdin.setRawMode(false);
      stdin.unref?.();
    },
  };
}

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;

/** Signals to banger are meant for the program; a second Ctrl-C is main's, which gives up waiting. */
function forwardSignals({ out, onSignal }: Context, requests: Requests): Disposable {
  const handlers = FORWARDED.map((name) =>
    onSignal(name, () => {
      void requests.push({ part: { $case: 'signal', value: constants.signals[name] } });
    }),
  );
  const resized = () => {
    const { rows, columns } = terminalSize(out.stdout);
    void requests.push({ part: { $case: 'resize', value: { rows, columns } } });
  };
  if (out.stdout.isTTY) out.stdout.on('resize', resized);
  return {
    [Symbol.dispose]() {
      for (const handler of handlers) handler[Symbol.dispose]();
      out.stdout.off('resize', resized);
    },
  };
}
