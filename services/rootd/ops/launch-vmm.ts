import { totalmem } from 'node:os';
import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import { parseVmId } from '#kit/names.ts';
import { invalidField, parseInteger } from '../host/fields.ts';
import { parseMac } from '../network/address-fields.ts';
import { parseTapIndex } from '../network/names.ts';
import { openCgroup } from '../vmm/cgroup.ts';
import { forgetVmm } from '../vmm/forget-vmm.ts';
import { type ImageId, type KernelId, parseImageId, parseKernelId } from '../vmm/ids.ts';
import { launchJail } from '../vmm/jail.ts';
import { jailCommand } from '../vmm/jail-command.ts';
import { type Machine, VMM_OVERHEAD_MIB, VMM_OVERHEAD_TASKS } from '../vmm/qemu-command.ts';
import { checkQemu } from '../vmm/qemu-program.ts';
import type { Vmm } from '../vmm/records.ts';
import {
  openVmmFiles,
  refuseHiddenKernel,
  refuseLargeDisk,
  type VmmFiles,
} from '../vmm/vmm-files.ts';
import type { Vmms } from '../vmm/vmms.ts';

export type LaunchVmm = Machine & {
  readonly imageId: ImageId;
  readonly kernelId: KernelId;
  readonly tapIndex: number | undefined;
};

type Request = {
  vmId: string;
  imageId: string;
  kernelId: string;
  vcpus: number;
  memoryMib: number;
  accelerator: string;
  tscKhz: number;
  tapIndex?: number | undefined;
  mac: string;
  consoleVerbose: boolean;
};

const MIB = 2 ** 20;
const MOST_UIDS_TRIED = 16;

export function parse(request: Request): LaunchVmm {
  const hostMib = Math.floor(totalmem() / MIB);
  return {
    vmId: parseVmId(request.vmId),
    imageId: parseImageId(request.imageId),
    kernelId: parseKernelId(request.kernelId),
    vcpus: parseInteger('vcpus', request.vcpus, { min: 1, max: 64 }),
    memoryMib: parseInteger('memory_mib', request.memoryMib, { min: 32, max: hostMib }),
    ...parseAccelerator(request),
    ...parseNetwork(request),
    consoleVerbose: request.consoleVerbose,
  };
}

/** The clock's frequency is for software emulation only; KVM gives the guest a clock of its own. */
function parseAccelerator({
  accelerator,
  tscKhz,
}: Request): Pick<Machine, 'accelerator' | 'tscKhz'> {
  if (accelerator === 'ACCELERATOR_KVM') return { accelerator: 'kvm', tscKhz: 0 };
  if (accelerator !== 'ACCELERATOR_TCG') {
    throw invalidField('accelerator', accelerator, 'ACCELERATOR_KVM or ACCELERATOR_TCG');
  }
  const range = { min: 100_000, max: 10_000_000 };
  return { accelerator: 'tcg', tscKhz: parseInteger('tsc_khz', tscKhz, range) };
}

function parseNetwork({ tapIndex, mac }: Request): Pick<LaunchVmm, 'tapIndex' | 'mac'> {
  if (tapIndex !== undefined) {
    return { tapIndex: parseTapIndex('tap_index', tapIndex), mac: parseMac('mac', mac) };
  }
  if (mac === '') return { tapIndex: undefined, mac: undefined };
  throw invalidField('mac', mac, 'empty for a vm without a tap');
}

/**
 * Root because: a VMM gets a uid, a root and a network of its own, its tap and its control group before it runs,
 * and all of that is root's to give.
 * Touches: the log and the sockets in the VM's folder, as the folder's owner; the group of the VM's initrd; the
 * VM's record in rootd's own folder; its control group. The program and its arguments are made here: the
 * request chooses between ids and numbers.
 */
export async function run(
  { call, vmms }: { call: Call; vmms: Vmms },
  input: LaunchVmm,
): Promise<Vmm> {
  const { vmId } = input;
  const running = vmms.records.findVmm(vmId);
  if (running !== undefined) return running;
  checkQemu(vmms.settings.qemu);
  const program = await vmms.jail(call.signal);
  call.signal.throwIfAborted();
  using opened = new DisposableStack();
  const files = openVmmFiles(vmms.state, input, opened);
  refuseLargeDisk(files, vmms.settings.largestFile);
  refuseHiddenKernel(files);
  try {
    await launchAlone({ call, vmms, program, files }, input);
    const launched = getLaunched(vmms, input);
    call.log.info('vmm launched', launched);
    return launched;
  } catch (error) {
    await undoLaunch(call, vmms, input);
    throw error;
  }
}

type Prepared = { call: Call; vmms: Vmms; program: string; files: VmmFiles };

/** Under the first uid that nobody else runs under. A VMM that was killed has its own until init collects it. */
async function launchAlone(prepared: Prepared, machine: LaunchVmm): Promise<void> {
  const { call, vmms } = prepared;
  const { base, count } = vmms.settings.uids;
  for (let tries = Math.min(count, MOST_UIDS_TRIED); tries > 0; tries--) {
    using reserved = vmms.reserveUid(machine.vmId);
    const { uid } = reserved;
    if ((await launch({ ...prepared, uid }, machine)) === 'launched') return;
    call.log.warn('uid passed over, another process has it', { vm: machine.vmId, uid });
    await undoLaunch(call, vmms, machine);
  }
  throw new BangerError(
    'HOST_NOT_READY',
    `other processes run under uids between ${base} and ${base + count - 1}, which are for VMMs; set rootd.uid_base to a range that nobody uses`,
  );
}

/** From here on the caller's leaving changes nothing: a VMM that is half made is of use to nobody. */
async function launch(
  prepared: Prepared & { readonly uid: number },
  machine: LaunchVmm,
): Promise<'launched' | 'uid taken'> {
  const { call, vmms } = prepared;
  const { settings, jailRoot } = vmms;
  const { vmId, vcpus } = machine;
  const tasks = vcpus + VMM_OVERHEAD_TASKS;
  const memoryMib = machine.memoryMib + VMM_OVERHEAD_MIB;
  using opened = new DisposableStack();
  const cgroup = openCgroup(call, settings.cgroup, vmId, { memoryMib, vcpus, tasks });
  if (cgroup !== undefined) opened.use(cgroup);
  const record = opened.use(vmms.records.open(vmId));
  const report = vmms.reportOf(vmId);
  return await launchJail(
    jailCommand({ ...prepared, settings, jailRoot, report, machine, record, cgroup, tasks }),
  );
}

/** The jail program saw it start, but it may have refused its command line since. */
function getLaunched({ records }: Vmms, { vmId }: LaunchVmm): Vmm {
  const launched = records.findVmm(vmId);
  if (launched !== undefined) return launched;
  throw new BangerError(
    'COMMAND_FAILED',
    `the VMM of vm "${vmId}" ended at once; its folder's vmm.log says why`,
    { metadata: { vm: vmId } },
  );
}

/** A record and a control group that nobody lives in. Where somebody does, both are left to them. */
async function undoLaunch(call: Call, vmms: Vmms, { vmId }: LaunchVmm): Promise<void> {
  try {
    await forgetVmm({ ...call, signal: AbortSignal.timeout(10_000) }, vmms, vmId);
  } catch (error) {
    call.log.warn('launch not undone', { vm: vmId, error });
  }
}
