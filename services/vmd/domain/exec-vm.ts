import type { Call } from '#kit/call.ts';
import { findVm } from './find-vm.ts';
import type { ExecRecord, GuestExec, TerminalSize } from './guest.ts';
import { awaitGuest } from './live-vms.ts';
import type { Vmd } from './ports.ts';
import { touch } from './touch-vm.ts';
import type { ImageConfig, Vm } from './vm.ts';

export type ExecVm = {
  arguments: readonly string[];
  environment: readonly string[];
  workingDir: string;
  user: string;
  terminal?: TerminalSize;
  detach: boolean;
};

/** Starts a program in the guest. No lock is held while it runs: a guest may be busy for days. */
export async function execVm(
  vmd: Vmd,
  call: Call,
  reference: string,
  wanted: ExecVm,
): Promise<GuestExec> {
  const vm = await findVm(vmd, reference);
  const guest = await awaitGuest(vmd.live, call, vm);
  await touch(vmd, vm);
  const config = vm.imageConfig ?? (await askConfig(vmd, call, vm));
  return guest.exec(call, {
    ...wanted,
    arguments: wanted.arguments.length > 0 ? wanted.arguments : usualCommand(config),
    environment: [...DEFAULT_ENVIRONMENT, ...config.environment, ...wanted.environment],
    workingDir: wanted.workingDir || usualFolder(vm, config),
    user: wanted.user || config.user || 'root',
  });
}

/** Of a machine that was booted by a vmd which did not keep this yet. */
async function askConfig(vmd: Vmd, call: Call, { id, image }: Vm): Promise<ImageConfig> {
  return (await vmd.images.leaseImage(call, id, image.id)).config;
}

/** What a login would set; the image and the caller may say otherwise. */
const DEFAULT_ENVIRONMENT = [
  'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  'LANG=C.UTF-8',
];

function usualCommand({ entrypoint, command }: ImageConfig): readonly string[] {
  const configured = [...entrypoint, ...command];
  return configured.length > 0 ? configured : ['/bin/sh'];
}

/** Empty means the user's home, which only the guest knows. */
function usualFolder(vm: Vm, config: ImageConfig): string {
  return vm.workspace?.guestPath ?? config.workingDir;
}

export async function attachExec(
  vmd: Vmd,
  call: Call,
  reference: string,
  execId: string,
): Promise<GuestExec> {
  const vm = await findVm(vmd, reference);
  const guest = await awaitGuest(vmd.live, call, vm);
  return guest.attach(call, execId);
}

export async function listVmExecs(vmd: Vmd, call: Call, reference: string): Promise<ExecRecord[]> {
  const vm = await findVm(vmd, reference);
  const guest = await awaitGuest(vmd.live, call, vm);
  return guest.listExecs(call);
}
