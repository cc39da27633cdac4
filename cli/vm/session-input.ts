import type { Context } from '../context.ts';
import type { Requests } from './exec-session.ts';

/** What is typed or piped in goes to the guest, no faster than it is taken there. */
export function forwardInput({ stdin }: Context, requests: Requests): Disposable {
  const take = (chunk: Buffer) => {
    const waiting = requests.push({ part: { $case: 'stdin', value: chunk } });
    if (waiting === undefined) return;
    stdin.pause();
    void waiting.then(() => stdin.resume());
  };
  const end = () => void requests.push({ part: { $case: 'stdinEnd', value: true } });
  // A terminal that died, or a file that cannot be read, has no more to say.
  stdin.on('error', end);
  stdin.on('data', take);
  stdin.on('end', end);
  stdin.resume();
  return {
    [Symbol.dispose]() {
      stdin.off('data', take);
      stdin.off('end', end);
      stdin.pause();
      stdin.unref?.();
    },
  };
}
