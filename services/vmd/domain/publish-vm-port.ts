import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import type { VmId } from '#kit/names.ts';
import { awaitGuest } from './live-vms.ts';
import type { Vmd } from './ports.ts';
import { isUp, type PublishedPort, type Vm } from './vm.ts';
import { withVm } from './with-vm.ts';

/**
 * Listens on the host and connects to a port of the guest through its agent, so that it works in every network
 * mode, none included. The publication is the VM's: it comes back with it after every start.
 */
export function publishVmPort(
  vmd: Vmd,
  call: Call,
  reference: string,
  port: PublishedPort,
): Promise<PublishedPort> {
  return withVm(vmd, call, reference, async (vm) => {
    const known = vm.publishedPorts.find((other) => isSame(other, port));
    if (known !== undefined) return known;
    const opened = isUp(vm) ? await openPort(vmd, vm, port) : await reserve(vmd, vm, port);
    try {
      await vmd.store.update({ ...vm, publishedPorts: [...vm.publishedPorts, opened] });
    } catch (error) {
      await vmd.publisher.close(vm.id, opened);
      throw error;
    }
    return opened;
  });
}

export function unpublishVmPort(
  vmd: Vmd,
  call: Call,
  reference: string,
  port: PublishedPort,
): Promise<void> {
  return withVm(vmd, call, reference, async (vm) => {
    const left = vm.publishedPorts.filter((other) => !isSame(other, port));
    if (left.length === vm.publishedPorts.length) return;
    await vmd.store.update({ ...vm, publishedPorts: left });
    await vmd.publisher.close(vm.id, port);
  });
}

/** Before the time that a boot takes. Nothing is held meanwhile: opening them for good asks again. */
export async function refuseTakenPorts(vmd: Vmd, vm: Vm): Promise<void> {
  await openPorts(vmd, vm);
  await closePorts(vmd, vm.id);
}

/** Opens all of a VM's ports, or none of them. Answers them with the host ports that were chosen. */
export async function openPorts(vmd: Vmd, vm: Vm): Promise<PublishedPort[]> {
  const opened: PublishedPort[] = [];
  try {
    for (const port of vm.publishedPorts) opened.push(await openPort(vmd, vm, port));
    return opened;
  } catch (error) {
    await closePorts(vmd, vm.id);
    throw error;
  }
}

export function closePorts(vmd: Vmd, vmId: VmId): Promise<void> {
  return vmd.publisher.closeAll(vmId);
}

async function openPort(vmd: Vmd, vm: Vm, port: PublishedPort): Promise<PublishedPort> {
  const dial = async (call: Call) => {
    const current = await vmd.store.find(vm.id);
    if (current === undefined) throw new BangerError('VM_NOT_FOUND', `vm "${vm.name}" is gone`);
    const guest = await awaitGuest(vmd.live, call, current);
    return guest.dial(call, port.guestPort, port.protocol);
  };
  try {
    return await vmd.publisher.open(vm.id, port, dial);
  } catch (error) {
    throw await namingHolder(vmd, vm, port, error);
  }
}

/** A stopped VM's port is only written down, but not where another VM has it already. */
async function reserve(vmd: Vmd, vm: Vm, port: PublishedPort): Promise<PublishedPort> {
  const holder = await findHolder(vmd, vm, port);
  if (holder !== undefined && port.hostPort !== 0) throw taken(port, `vm "${holder.name}"`);
  return port;
}

async function findHolder(vmd: Vmd, vm: Vm, port: PublishedPort): Promise<Vm | undefined> {
  const vms = await vmd.store.list();
  return vms.find(
    (other) =>
      other.id !== vm.id &&
      other.publishedPorts.some(
        ({ protocol, hostPort }) => protocol === port.protocol && hostPort === port.hostPort,
      ),
  );
}

async function namingHolder(
  vmd: Vmd,
  vm: Vm,
  port: PublishedPort,
  error: unknown,
): Promise<unknown> {
  const inUse = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
  if (!inUse) return error;
  const holder = await findHolder(vmd, vm, port);
  return taken(port, holder === undefined ? 'another program' : `vm "${holder.name}"`, error);
}

function taken(
  { protocol, hostAddress, hostPort }: PublishedPort,
  holder: string,
  cause?: unknown,
) {
  return new BangerError(
    'OPERATION_REFUSED',
    `${protocol} port ${hostPort} on ${hostAddress} is taken by ${holder}; choose another one, or 0 for a free one`,
    { cause, metadata: { port: String(hostPort), holder } },
  );
}

function isSame(a: PublishedPort, b: PublishedPort): boolean {
  return (
    a.protocol === b.protocol &&
    a.guestPort === b.guestPort &&
    a.hostAddress === b.hostAddress &&
    (b.hostPort === 0 || a.hostPort === b.hostPort)
  );
}
