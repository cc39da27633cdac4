import { existsSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { hasReason } from '#kit/errors.ts';
import { INSTALLED, localPaths, type ServiceName, socketPath } from '#kit/paths.ts';
import { createClients } from './clients.ts';
import { COMMANDS } from './commands/index.ts';
import type { Context } from './context.ts';
import { createInterrupts, type Interrupts } from './interrupts.ts';
import { renewServices } from './local/renew-services.ts';
import { reviveServices } from './local/revive-services.ts';
import type { StartService } from './local/start-service.ts';
import { EXIT, formatError } from './output/error.ts';
import { createOutput, wantsColor } from './output/output.ts';
import { type GlobalOptions, parseCommandLine } from './parse.ts';

async function main(args: readonly string[], interrupts: Interrupts): Promise<number> {
  try {
    const parsed = await parseCommandLine(COMMANDS, args);
    if (parsed.kind === 'text') {
      process.stdout.write(parsed.text);
      return EXIT.ok;
    }
    const context = createContext(parsed.options, interrupts);
    try {
      await revive(context);
      return await parsed.command.run(context, parsed.input);
    } finally {
      context.clients.close();
    }
  } catch (error) {
    return tellError(args, whyEnded(error, interrupts.signal));
  }
}

/** Answers the exit code. */
function tellError(args: readonly string[], error: unknown): number {
  const asked = guessOptions(args);
  const color = wantsColor(process.stderr, process.env, asked.color);
  const { text, code } = formatError(error, { json: asked.json, color });
  process.stderr.write(text);
  return code;
}

/** A service answers an interrupted call with a status of its own; the signal knows what it was. */
function whyEnded(error: unknown, { aborted, reason }: AbortSignal): unknown {
  return aborted && hasReason(error, 'CANCELLED') ? reason : error;
}

/** For errors that come before the words are understood. */
function guessOptions(args: readonly string[]): Pick<GlobalOptions, 'json' | 'color'> {
  return { json: args.includes('--json'), color: !args.includes('--no-color') };
}

function createContext(options: GlobalOptions, interrupts: Interrupts): Context {
  const { signal, hold } = interrupts;
  const { env, stdout, stderr, getuid } = process;
  const uid = getuid?.() ?? 0;
  const installed = existsSync(socketPath(INSTALLED, 'vmd'));
  const paths = installed ? INSTALLED : localPaths(env, uid);
  const out = createOutput(
    { stdout, stderr },
    { ...options, color: wantsColor(stdout, env, options.color) },
  );
  let starter: StartService | undefined;
  const local = { paths, uid, env, node: process.execPath, note: out.note, signal };
  const startService = installed
    ? undefined
    : async (service: ServiceName) => {
        // Loaded only when something must be started, which is seldom.
        const { createServiceStarter } = await import('./local/start-service.ts');
        starter ??= createServiceStarter(local);
        await starter(service);
      };
  const clients = createClients({
    paths,
    onSilence: (service) => out.note(`banger: ${silence(service)}`),
    ...(startService === undefined
      ? {}
      : {
          startService,
          prepare: () => renewServices({ paths, startService, note: out.note, signal }),
        }),
  });
  return {
    env,
    uid,
    cwd: process.cwd(),
    paths,
    clients,
    startService,
    out,
    // Opening it costs a millisecond or more, and few commands read it.
    get stdin() {
      return process.stdin;
    },
    signal,
    hold,
    onSignal,
  };
}

async function revive({ uid, paths, startService, out }: Context): Promise<void> {
  if (startService === undefined || !existsSync(paths.runtime)) return;
  await reviveServices({ uid, paths, startService, note: out.note });
}

function silence(service: ServiceName): string {
  return `${service} is there and says nothing; waiting for it (Ctrl-C ends that; see: banger daemon status)`;
}

function onSignal(name: NodeJS.Signals, handler: () => void): Disposable {
  process.on(name, handler);
  return { [Symbol.dispose]: () => void process.off(name, handler) };
}

/** Waits until a slow reader has taken all that was written; one that has left takes nothing. */
async function flush(stream: NodeJS.WriteStream): Promise<void> {
  if (stream.writableLength === 0 || stream.destroyed) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  stream.write('', () => resolve());
  await promise;
}

const words = process.argv.slice(2);
const interrupts = createInterrupts({
  on: (name, handler) => void process.on(name, handler),
  end: (why) => process.exit(tellError(words, why)),
});
process.stdout.on('error', interrupts.closed);
process.stderr.on('error', interrupts.closed);
// The bundle is CommonJS, which has no top-level await.
void main(words, interrupts).then(async (code) => {
  await Promise.all([flush(process.stdout), flush(process.stderr)]);
  // That something could not be written is told in the turn after, and is no success; a failure has its status.
  if (code === EXIT.ok) await setImmediate();
  // Ended rather than left to end: taking connections and the heap apart costs milliseconds and saves nothing.
  process.exit(code);
});
