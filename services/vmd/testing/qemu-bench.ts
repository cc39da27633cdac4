import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { parseVmId, type VmId } from '#kit/names.ts';
import { GUEST_PORT } from '#kit/qemu-arguments.ts';
import { callOf } from '#kit/testing/call-of.ts';
import { buildGuest } from '../../../guest/build.ts';
import { type GuestConfig, writeIdentityArchive } from '../../../guest/identity.ts';
import { packInitrd } from '../../../guest/initrd.ts';
import { findDebianKernel } from '../../../guest/testing/debian-kernel.ts';
import { makeBusyboxTree, makeDisk } from '../../../guest/testing/root-disk.ts';
import { TEST_CACHE } from '../../../guest/testing/test-cache.ts';
import { createGuests } from '../adapters/guests.ts';
import { writeOverlay } from '../adapters/qcow2.ts';
import type { Driver, Machine } from '../domain/driver.ts';
import type { Jail } from '../domain/jail.ts';
import { createQemuDriver } from '../drivers/qemu/index.ts';
import type { DriverBench } from './driver-contract.ts';

const VM_ID = parseVmId('aaaaaaaaaaaaaaaa');
const IMAGE_ID = 'bbbbbbbbbbbbbbbb';
const KERNEL_ID = 'cccccccccccccccc';
const QEMU = '/usr/bin/qemu-system-x86_64';
const BOOT_LIMIT_MS = 90_000;
const call = callOf();

export type QemuBenchOptions = {
  /** Folder that `state` would be; it goes with the test. */
  openState(t: TestContext): string;
  jail: Jail;
  /** Launched by rootd. */
  privileged: boolean;
  /** None without it. */
  network?: Machine['network'];
  /** What the guest is told besides where its channel is. */
  guest?: GuestConfig;
};

/** Real machines of QEMU with a small busybox guest, whose files lie as vmd and imaged would have them. */
export function createQemuBench(options: QemuBenchOptions): DriverBench {
  const { openState, jail, privileged, network = { mode: 'none' }, guest = {} } = options;
  const connect = (socket: string) =>
    createGuests().connect({ ...call, signal: AbortSignal.timeout(BOOT_LIMIT_MS) }, socket);
  return {
    createDriver: () => createDriver(jail),
    async prepare(t) {
      const state = openState(t);
      const kernel = await prepareKernel(state, guest);
      const disks = await prepareDisks(state, VM_ID);
      const folder = join(state, 'vmd/vms', VM_ID);
      const machine = { ...machineOf(folder, privileged), network };
      return { ...machine, kernel, disks, initrd: kernel.initrd };
    },
    async awaitGuest({ guestSocket }) {
      const guest = await connect(guestSocket);
      guest.close();
      return guest.bootId;
    },
    async powerOff({ guestSocket }) {
      const guest = await connect(guestSocket);
      // The guest may be gone before it has answered; its end is what counts.
      await guest.powerOff(call).catch(() => undefined);
      guest.close();
    },
  };
}

function createDriver(jail: Jail): Driver {
  return createQemuDriver({
    binary: QEMU,
    probe: { chooseAccelerator: async () => 'tcg' },
    jail,
  });
}

function machineOf(folder: string, privileged: boolean) {
  return {
    ...{ vmId: VM_ID, folder, privileged, imageId: IMAGE_ID },
    ...{ vcpus: 1, memoryMib: 128, accelerator: 'tcg' as const },
  };
}

async function prepareKernel(state: string, guest: GuestConfig): Promise<Machine['kernel']> {
  const found = await findDebianKernel();
  if (found === undefined) throw new Error('there is no kernel');
  const folder = join(state, 'imaged/kernels', KERNEL_ID);
  mkdirSync(folder, { recursive: true });
  const vmlinux = join(folder, 'vmlinux');
  writeFileSync(vmlinux, readFileSync(found.vmlinux), { mode: 0o644 });
  const signal = AbortSignal.timeout(BOOT_LIMIT_MS);
  const program = await buildGuest({ cacheFolder: TEST_CACHE, signal, warningsAreErrors: true });
  const vm = join(state, 'vmd/vms', VM_ID);
  mkdirSync(vm, { recursive: true, mode: 0o700 });
  const initrd = join(vm, 'initrd');
  const identity = writeIdentityArchive({ channel: `virtio-serial:${GUEST_PORT}`, ...guest }, []);
  writeFileSync(
    initrd,
    Buffer.concat([packInitrd(readFileSync(program), found.modules), identity]),
  );
  return { id: KERNEL_ID, vmlinux, initrd, modules: '' };
}

async function prepareDisks(state: string, vmId: VmId): Promise<Machine['disks']> {
  const image = join(state, 'imaged/images', IMAGE_ID);
  const [tree, empty] = [join(state, 'tree'), join(state, 'empty')];
  mkdirSync(image, { recursive: true });
  mkdirSync(empty);
  makeBusyboxTree(tree);
  const base = join(image, 'disk.ext4');
  makeDisk(base, tree, { fsMib: 64, diskMib: 64 });
  const folder = join(state, 'vmd/vms', vmId);
  const disks = { root: join(folder, 'root.qcow2'), work: join(folder, 'work.ext4') };
  await writeOverlay(disks.root, base, 64 * 2 ** 20);
  makeDisk(disks.work, empty, { fsMib: 16, diskMib: 16 });
  return disks;
}
