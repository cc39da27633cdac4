import { BangerError } from '#kit/errors.ts';
import { type ExecVmRequest, VmServiceDefinition } from '#proto/banger/v1/vm.ts';
import type { Context } from '../context.ts';
import { createQueue } from '../vm/queue.ts';

export type GuestCommand = {
  vm: string;
  arguments: string[];
  environment?: string[];
  workingDir: string;
  /** Hears what the command prints, as it comes. */
  onOutput?: (data: Buffer) => void;
};

/** Runs a command as root and without this terminal; answers its exit status, 127 where there is no such command. */
export async function runGuestCommand(context: Context, command: GuestCommand): Promise<number> {
  const { onOutput, ...start } = command;
  const requests = createQueue<{ part: NonNullable<ExecVmRequest['part']> }>();
  void requests.push({
    part: {
      $case: 'start',
      value: { environment: [], ...start, user: 'root', terminal: undefined, detach: false },
    },
  });
  void requests.push({ part: { $case: 'stdinEnd', value: true } });
  const answers = context.clients
    .of('vmd', VmServiceDefinition)
    .execVm(requests, { signal: context.signal });
  let status: number | undefined;
  try {
    for await (const { part } of answers) {
      if (part?.$case === 'stdout' || part?.$case === 'stderr') onOutput?.(part.value);
      if (part?.$case !== 'exit') continue;
      const { outcome } = part.value;
      status = outcome?.$case === 'status' ? outcome.value : 128 + (outcome?.value ?? 0);
      requests.end();
    }
  } finally {
    requests.end();
  }
  if (status !== undefined) return status;
  throw new BangerError('GUEST_UNREACHABLE', 'the guest went away before the command ended');
}
