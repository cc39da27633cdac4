import { constants } from 'node:os';
import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import { parseVmId, type VmId } from '#kit/names.ts';
import { invalidField } from '../host/fields.ts';
import { signalVmm } from '../vmm/jail.ts';
import type { Vmms } from '../vmm/vmms.ts';

export type SignalVmm = { readonly vmId: VmId; readonly signal: number };

/** What ends a VMM, in this way or that. Nothing that stops, continues or means something of its own. */
const SIGNALS: ReadonlyMap<string, number> = new Map([
  ['VMM_SIGNAL_TERM', constants.signals.SIGTERM],
  ['VMM_SIGNAL_KILL', constants.signals.SIGKILL],
  ['VMM_SIGNAL_INT', constants.signals.SIGINT],
  ['VMM_SIGNAL_QUIT', constants.signals.SIGQUIT],
  ['VMM_SIGNAL_ABRT', constants.signals.SIGABRT],
]);

export function parse(request: { vmId: string; signal: string }): SignalVmm {
  const vmId = parseVmId(request.vmId);
  const signal = SIGNALS.get(request.signal);
  if (signal === undefined) {
    throw invalidField('signal', request.signal, [...SIGNALS.keys()].join(', '));
  }
  return { vmId, signal };
}

/**
 * Root because: the VMM has a uid of its own that nobody else may signal.
 * Touches: the VM's VMM, proven by number, start time, user and jail, and held by a pidfd while it is signalled.
 */
export async function run(
  { call, vmms }: { call: Call; vmms: Vmms },
  { vmId, signal }: SignalVmm,
): Promise<void> {
  const vmm = vmms.records.findVmm(vmId);
  const program = await vmms.jail(call.signal);
  if (vmm !== undefined && (await signalVmm(call, program, vmm, signal))) {
    call.log.info('vmm signalled', { ...vmm, signal });
    return;
  }
  throw new BangerError('VM_NOT_RUNNING', `vm "${vmId}" has no VMM to signal`, {
    metadata: { vm: vmId },
  });
}
