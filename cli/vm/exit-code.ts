import { BangerError } from '#kit/errors.ts';
import type { ExecExit } from '#proto/banger/v1/vm.ts';

/** The status of a program in a guest, as a shell would tell it. */
export function exitCodeOf(exit: Pick<ExecExit, 'outcome'> | undefined): number {
  if (exit?.outcome?.$case === 'status') return exit.outcome.value;
  if (exit?.outcome?.$case === 'signal') return 128 + exit.outcome.value;
  throw new BangerError('GUEST_UNREACHABLE', 'the guest went away before the command ended');
}
