import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { Call } from '#kit/call.ts';
import { openDatabase } from '#kit/database.ts';
import { BangerError } from '#kit/errors.ts';
import { createKeyedLock } from '#kit/keyed-lock.ts';
import { parseImageName, parseVmId, parseVmName, type VmId } from '#kit/names.ts';
import { createOperations } from '#kit/operations.ts';
import { callOf } from '#kit/testing/call-of.ts';
import { temporaryFolder } from '#kit/testing/temporary-folder.ts';
import { MIGRATIONS } from '../adapters/migrations.ts';
import { openVmStore, type VmTables } from '../adapters/vm-store.ts';
import type { Guest } from '../domain/guest.ts';
import { createLiveVms } from '../domain/live-vms.ts';
import type { Vmd } from '../domain/ports.ts';
import type { ImageConfig } from '../domain/vm.ts';
import { createFakeDriver, type FakeDriver } from './fake-driver.ts';

/** What the world outside of vmd holds: after a verb that failed, all of it must be as before. */
export type Held = {
  images: Set<VmId>;
  leases: Set<VmId>;
  attached: Set<VmId>;
  disks: Set<VmId>;
  ports: Set<string>;
};

export type FakeVmd = {
  vmd: Vmd;
  driver: FakeDriver;
  held: Held;
  /** Makes one named step of the outside fail. */
  failing: Set<string>;
  call: Call;
};

/** Vmd with a real store, and an outside world of sets. */
export function createFakeVmd(t: TestContext): FakeVmd {
  const { db } = openDatabase<VmTables>(join(temporaryFolder(t), 'vmd.db'), MIGRATIONS);
  t.after(() => db.destroy());
  const driver = createFakeDriver();
  const held: Held = {
    images: new Set(),
    leases: new Set(),
    attached: new Set(),
    disks: new Set(),
    ports: new Set(),
  };
  const failing = new Set<string>();
  const call = callOf();
  let made = 0;
  const vmd: Vmd = {
    store: openVmStore(db),
    ...outside(held, failing),
    drivers: [driver],
    guests: { connect: async (_call, socket) => fakeGuest(driver, socket, failing) },
    host: {
      now: () => new Date(1_000_000 + made),
      newId: () => parseVmId((++made).toString(16).padStart(16, '0')),
      newName: () => parseVmName(`made-up-${made}`),
      bootId: () => 'this-boot',
      cpus: () => 2,
      memoryBytes: () => 8 * 2 ** 30,
      availableMemoryBytes: () => 4 * 2 ** 30,
      sleep: () => Promise.reject(new Error('nothing here waits for time')),
      processUsage: () => undefined,
    },
    settings: {
      image: 'busybox',
      vcpus: undefined,
      memoryMib: undefined,
      diskSizeBytes: 2 ** 30,
      systemSizeBytes: 2 ** 30,
      network: 'user',
      graceMs: 1000,
      bootTimeoutMs: 1000,
      idleStopMs: 0,
    },
    operations: createOperations(() => new Date()),
    live: createLiveVms(),
    locks: createKeyedLock<VmId>(),
    workspaceLocks: createKeyedLock<VmId>(),
    backgroundCall: () => callOf(),
  };
  return { vmd, driver, held, failing, call };
}

const IMAGE_CONFIG: ImageConfig = {
  entrypoint: ['/entry'],
  command: ['serve'],
  environment: ['FROM=image'],
  user: 'app',
  workingDir: '/srv',
  init: '/sbin/init',
};

function outside(
  held: Held,
  failing: ReadonlySet<string>,
): Pick<Vmd, 'images' | 'network' | 'disks' | 'identities' | 'publisher'> {
  const step = (name: string) => {
    if (failing.has(name)) throw new BangerError('COMMAND_FAILED', `${name} failed on purpose`);
  };
  const known = (id: string) => ({ id, name: parseImageName('busybox'), isManaged: true });
  const lease = (vmId: VmId) => ({
    vmId,
    mode: 'user' as const,
    address: '10.0.2.15',
    prefixLength: 24,
    gateway: '10.0.2.2',
    resolver: '10.0.2.3',
    mac: '52:54:00:00:02:0f',
    machine: { mode: 'user' as const, nat: false, mac: '52:54:00:00:02:0f' },
  });
  return {
    images: {
      ensureImage: async (_call, image) => {
        step('ensureImage');
        return known(image);
      },
      ensureKernel: async () => 'kernel-1',
      leaseImage: async (_call, vmId, image) => {
        step('leaseImage');
        held.images.add(vmId);
        return { ...known(image), disk: '/disk', seed: '/seed', config: IMAGE_CONFIG };
      },
      leaseKernel: async () => ({
        id: 'kernel-1',
        name: parseImageName('debian-cloud'),
        vmlinux: '/vmlinux',
        initrd: '/initrd',
        modules: '',
      }),
      release: async (_call, vmId) => void held.images.delete(vmId),
      listHolders: async () => [...held.images],
    },
    network: {
      refusal: async () => undefined,
      acquire: async (_call, { id }) => {
        step('acquire');
        held.leases.add(id);
        return lease(id);
      },
      attach: async (_call, vmId) => {
        step('attach');
        held.attached.add(vmId);
        return lease(vmId);
      },
      detach: async (_call, vmId) => void held.attached.delete(vmId),
      set: async () => undefined,
      release: async (_call, vmId) => {
        held.attached.delete(vmId);
        held.leases.delete(vmId);
      },
      listHolders: async () => [...held.leases],
    },
    disks: {
      folder: (vmId) => `/vms/${vmId}`,
      paths: (vmId) => ({ root: `/vms/${vmId}/root`, work: `/vms/${vmId}/work` }),
      create: async (_call, { id }) => {
        held.disks.add(id);
        step('createDisks');
        return { root: 'root', work: 'work' };
      },
      grow: async () => step('growDisks'),
      allocatedBytes: async () => 0,
      async *readLog() {
        yield Buffer.from('console');
      },
      remove: async (vmId) => void held.disks.delete(vmId),
      list: async () => [...held.disks],
      freeBytes: async () => 2 ** 40,
    },
    identities: { write: async (_call, folder) => `${folder}/initrd` },
    publisher: {
      open: async (vmId, port) => {
        step('openPort');
        held.ports.add(`${vmId} ${port.hostPort}`);
        return port;
      },
      close: async (vmId, port) => void held.ports.delete(`${vmId} ${port.hostPort}`),
      closeAll: async (vmId) => {
        for (const port of held.ports) if (port.startsWith(vmId)) held.ports.delete(port);
      },
    },
  };
}

/** A guest that answers and powers off when it is asked to. */
function fakeGuest(driver: FakeDriver, socket: string, failing: ReadonlySet<string>): Guest {
  if (failing.has('boot'))
    throw new BangerError('GUEST_UNREACHABLE', 'the guest failed on purpose');
  const [, , vmId = ''] = socket.split('/');
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const noFiles = () => {
    throw new Error('the fake guest has no files');
  };
  const unused = () => Promise.reject(new Error('the fake guest runs no programs'));
  return {
    bootId: `boot-${driver.launches.length}`,
    phases: [{ name: 'init', atMs: 1 }],
    closed,
    exec: unused,
    attach: unused,
    listExecs: async () => [],
    unpack: unused,
    findFile: unused,
    pack: noFiles,
    packFiles: noFiles,
    list: noFiles,
    listTree: noFiles,
    listPorts: async () => [],
    readFigures: unused,
    dial: unused,
    setClock: async () => undefined,
    powerOff: async () => {
      if (failing.has('powerOff')) return;
      driver.end({ vmId: parseVmId(vmId) }, { cause: 'guest', detail: 'powered off by the guest' });
    },
    close: () => resolve(),
  };
}
