import { untilAborted } from '#kit/abort.ts';
import {
  type ExecExit,
  type ExecStart,
  type ExecVmRequest,
  VmServiceDefinition,
} from '#proto/banger/v1/vm.ts';
import type { Context } from '../context.ts';
import { exitCodeOf } from './exit-code.ts';
import { createQueue, type Queue } from './queue.ts';
import { handOverTerminal } from './raw-terminal.ts';
import { forwardInput } from './session-input.ts';
import { forwardSignals, terminalSize } from './session-signals.ts';

export type Requests = Queue<{ part: NonNullable<ExecVmRequest['part']> }>;

/** The exit status of a program in a guest: the only way by which one becomes banger's own. */
export type GuestExit = { code: number };

/** What runs in the guest: the words of the contract, but for the terminal, which is this one. */
export type GuestCommand = Omit<Partial<ExecStart>, 'terminal'> & { vm: string };

/**
 * Runs a program in a guest with this terminal, or these pipes: input, output, signals and window size go through
 * as they come. Output goes nowhere but to stdout and stderr. The first Ctrl-C is the program's; a second one, or an
 * output that nobody reads any more, ends the wait, and with it the program. Until it runs, terminal and Ctrl-C are
 * banger's own: whoever waits for a service that says nothing must be able to leave.
 */
export async function runInGuest(context: Context, command: GuestCommand): Promise<GuestExit> {
  using leaving = context.hold();
  using session = new DisposableStack();
  const requests: Requests = createQueue();
  const start = startOf(context, command);
  void requests.push({ part: { $case: 'start', value: start } });
  const waiting = new AbortController();
  const giveUp = () => waiting.abort(context.signal.reason);
  context.signal.addEventListener('abort', giveUp);
  session.defer(() => context.signal.removeEventListener('abort', giveUp));
  const signal = AbortSignal.any([waiting.signal, leaving.signal]);
  const silence = session.use(noteSilence(context, command.vm));
  const started = async () => {
    silence.end();
    context.signal.removeEventListener('abort', giveUp);
    session.use(forwardSignals(context, requests));
    // Input first: a terminal that dies while it is handed over is heard of there.
    session.use(forwardInput(context, requests));
    if (start.terminal !== undefined) session.use(await handOverTerminal(context));
  };
  try {
    return { code: exitCodeOf(await converse(context, requests, { signal, started })) };
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  } finally {
    requests.end();
  }
}

function startOf({ env, out, stdin }: Context, command: GuestCommand): ExecStart {
  const start = { ...EMPTY, ...command };
  if (!stdin.isTTY || !out.stdout.isTTY) return start;
  const { TERM } = env;
  const environment = TERM === undefined ? [] : [`TERM=${TERM}`];
  return {
    ...start,
    terminal: terminalSize(out.stdout),
    environment: [...environment, ...start.environment],
  };
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

/** The first thing that is heard of a program, before any output, is that it runs. */
function noteSilence({ out }: Context, vm: string): { end(): void } & Disposable {
  const text = `banger: vm "${vm}" says nothing; waiting for it (Ctrl-C ends that; what hangs starts anew with: banger vm restart ${vm})`;
  const timer = setTimeout(() => out.note(text), SILENCE_MS).unref();
  const end = () => clearTimeout(timer);
  return { end, [Symbol.dispose]: end };
}

const SILENCE_MS = 5000;

async function converse(
  { clients, out }: Context,
  requests: Requests,
  { signal, started }: { signal: AbortSignal; started: () => Promise<void> },
): Promise<ExecExit | undefined> {
  let exit: ExecExit | undefined;
  const answers = clients.of('vmd', VmServiceDefinition).execVm(requests, { signal });
  for await (const { part } of answers) {
    if (part?.$case === 'started') await started();
    else if (part?.$case === 'stdout') await write(out.stdout, part.value, signal);
    else if (part?.$case === 'stderr') await write(out.stderr, part.value, signal);
    else if (part?.$case === 'exit') {
      exit = part.value;
      // The service waits for the end of the requests before it ends the call.
      requests.end();
    }
  }
  return exit;
}

/** A reader that is slow holds the program in the guest back. */
async function write(
  stream: NodeJS.WriteStream,
  data: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  if (stream.write(data)) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  stream.once('drain', resolve);
  try {
    await untilAborted(promise, signal);
  } finally {
    stream.off('drain', resolve);
  }
}
