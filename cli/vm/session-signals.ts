import { constants } from 'node:os';
import type { Context } from '../context.ts';
import type { Requests } from './exec-session.ts';

const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const;

/** Signals to banger are meant for the program; the window's size is the program's terminal's. */
export function forwardSignals({ out, onSignal }: Context, requests: Requests): Disposable {
  const handlers = FORWARDED.map((name) =>
    onSignal(name, () => {
      void requests.push({ part: { $case: 'signal', value: constants.signals[name] } });
    }),
  );
  const resized = () => {
    void requests.push({ part: { $case: 'resize', value: terminalSize(out.stdout) } });
  };
  if (out.stdout.isTTY) out.stdout.on('resize', resized);
  return {
    [Symbol.dispose]() {
      for (const handler of handlers) handler[Symbol.dispose]();
      out.stdout.off('resize', resized);
    },
  };
}

/** A pseudo-terminal of size 0x0 exists; programs get a usual one. */
export function terminalSize({ rows, columns }: NodeJS.WriteStream) {
  return { rows: rows || 24, columns: columns || 80 };
}
