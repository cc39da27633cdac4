import { constants } from 'node:os';
import { getSystemErrorMessage } from 'node:util';
import { BangerError } from '#kit/errors.ts';
import { EXIT, Interrupted } from './output/error.ts';

/** How a person, or the end of a terminal or a pipe, ends what banger does. */
export type Interrupts = {
  /** Aborts at the first Ctrl-C, SIGTERM or hang-up: the running verb stops, and undoes what it did. */
  readonly signal: AbortSignal;
  /**
   * For a verb that has something to clear away: until disposed of, what would end the process at once (a second
   * Ctrl-C, an output that takes no more) aborts this signal instead, once. Of several holders the latest hears it.
   */
  hold(): { readonly signal: AbortSignal } & Disposable;
  /** Called when an output can take no more. */
  closed(error: NodeJS.ErrnoException): void;
};

const GONE = ['EPIPE', 'EIO', 'ERR_STREAM_DESTROYED'];

type Process = {
  on(name: 'SIGINT' | 'SIGTERM' | 'SIGHUP', handler: () => void): void;
  /** Says why, and ends the process with the status that stands for it. */
  end(why: Ending): never;
};

type Ending = Interrupted | BangerError;

/** After the terminal died: time for a program in a guest to end by itself. */
const HANG_UP_MS = 2000;

export function createInterrupts({ on, end }: Process): Interrupts {
  const first = new AbortController();
  const holders: AbortController[] = [];
  const endNow = (why: Ending) => {
    const holder = holders.at(-1);
    if (holder === undefined || holder.signal.aborted) return end(why);
    return holder.abort(why);
  };
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    const reason = new Interrupted(128 + constants.signals[name]);
    on(name, () => {
      if (first.signal.aborted) endNow(reason);
      else first.abort(reason);
      if (name === 'SIGHUP') setTimeout(endNow, HANG_UP_MS, reason).unref();
    });
  }
  return {
    signal: first.signal,
    hold() {
      const holder = new AbortController();
      holders.push(holder);
      return {
        signal: holder.signal,
        [Symbol.dispose]: () => void holders.splice(holders.indexOf(holder), 1),
      };
    },
    closed(error) {
      // A terminal that is gone answers EIO; the reader of a pipe that has left (`| head -1`) is not an error.
      const gone = GONE.includes(error.code ?? '');
      endNow(gone ? new Interrupted(EXIT.brokenPipe) : cannotWrite(error));
    },
  };
}

function cannotWrite(cause: NodeJS.ErrnoException): BangerError {
  const { code, errno, message } = cause;
  const why = errno === undefined ? message : getSystemErrorMessage(errno);
  const reason = code === 'ENOSPC' || code === 'EDQUOT' ? 'DISK_FULL' : 'COMMAND_FAILED';
  return new BangerError(reason, `what it prints cannot be written: ${why}`, { cause });
}
