import type { Environment, Paths, ServiceName } from '#kit/paths.ts';
import type { Clients } from './clients.ts';
import type { Interrupts } from './interrupts.ts';
import type { Output } from './output/output.ts';

/** What a command may use of the world around it. */
export type Context = {
  env: Environment;
  uid: number;
  cwd: string;
  paths: Paths;
  clients: Clients;
  /** Starts one of this user's services; absent where systemd runs them. */
  startService: ((service: ServiceName) => Promise<void>) | undefined;
  out: Output;
  stdin: NodeJS.ReadStream;
  /** Aborts at the first Ctrl-C, SIGTERM or hang-up. */
  signal: AbortSignal;
  hold: Interrupts['hold'];
  /** Hears a signal of this process until disposed of. */
  onSignal(name: NodeJS.Signals, handler: () => void): Disposable;
};
