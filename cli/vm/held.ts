import type { CallOptions, Client } from '#kit/client.ts';
import { BangerError } from '#kit/errors.ts';
import type { CreateVmResponse, VmServiceDefinition } from '#proto/banger/v1/vm.ts';
import type { CreateRequest } from './create.ts';

/**
 * Makes a machine that lives as long as this process: the call that made it stays open when the machine is there, and
 * the kernel closes it, whatever ends the process. Signal and time limit are for the making alone: the first Ctrl-C
 * during a command is the command's.
 */
export async function* createHeld(
  vms: Client<typeof VmServiceDefinition>,
  request: CreateRequest,
  { signal, timeoutMs }: CallOptions,
): AsyncGenerator<CreateVmResponse, void> {
  const leaving = new AbortController();
  const interrupted = () => leaving.abort(signal?.reason);
  signal?.addEventListener('abort', interrupted);
  const late = () =>
    leaving.abort(new BangerError('DEADLINE_EXCEEDED', `no answer within ${timeoutMs} ms`));
  const timer = timeoutMs === undefined ? undefined : setTimeout(late, timeoutMs);
  try {
    signal?.throwIfAborted();
    const parts = vms.createVm({ ...request, hold: true }, { signal: leaving.signal });
    // Not a loop over the parts: leaving one would close the call.
    const answers = parts[Symbol.asyncIterator]();
    for (let next = await answers.next(); next.done !== true; next = await answers.next()) {
      yield next.value;
      if (next.value.part?.$case === 'vm') return;
    }
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', interrupted);
  }
}
