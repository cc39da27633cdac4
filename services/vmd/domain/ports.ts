import type { Call } from '#kit/call.ts';
import type { KeyedLock } from '#kit/keyed-lock.ts';
import type { ImageName, VmId, VmName } from '#kit/names.ts';
import type { Operations } from '#kit/operations.ts';
import type { Tell } from '#kit/stages.ts';
import type { Driver, KernelFiles, MachineNetwork } from './driver.ts';
import type { Guest, GuestConnection } from './guest.ts';
import type { LiveVms } from './live-vms.ts';
import type { ImageConfig, NetworkMode, ProcessIdentity, PublishedPort, Vm } from './vm.ts';

/** All that the verbs of vmd work on. */
export type Vmd = {
  store: VmStore;
  images: Images;
  network: Network;
  disks: Disks;
  identities: Identities;
  drivers: readonly Driver[];
  guests: Guests;
  publisher: Publisher;
  host: Host;
  settings: VmdSettings;
  operations: Operations;
  /** Machines that run now, by VM. */
  live: LiveVms;
  /** One life-cycle verb at a time for each VM. */
  locks: KeyedLock<VmId>;
  /** One archive at a time goes into each VM's workspace. Never taken by who holds the other lock. */
  workspaceLocks: KeyedLock<VmId>;
  /** For work that nobody waits for, and for undoing after the caller has gone. Never aborts. */
  backgroundCall(opId?: string): Call;
};

/** Durable records, one per VM. Every call is one transaction. */
export type VmStore = {
  /** Oldest first. */
  list(): Promise<Vm[]>;
  find(id: VmId): Promise<Vm | undefined>;
  findByKey(idempotencyKey: string): Promise<Vm | undefined>;
  /** Fails with VM_EXISTS when the name is taken. */
  insert(vm: Vm): Promise<void>;
  /** Fails with VM_EXISTS when a new name is taken. */
  update(vm: Vm): Promise<void>;
  remove(id: VmId): Promise<void>;
  /** Sets one field of whatever the record is; nothing happens to a record that is gone. */
  touch(id: VmId, usedAt: Date): Promise<void>;
  /** Begins to listen; the answer waits for the next change of any record since then. */
  changed(): (signal: AbortSignal) => Promise<void>;
};

export type Credentials = {
  registry: string;
  username: string;
  password: string;
  identityToken: string;
};

export type ImageFiles = {
  id: string;
  name: ImageName;
  disk: string;
  seed: string;
  config: ImageConfig;
  /** Whether its disk is in imaged's own store, and not somewhere on the host. */
  isManaged: boolean;
};

export type KnownImage = Pick<ImageFiles, 'id' | 'name' | 'isManaged'>;

/** imaged, as vmd needs it. */
export type Images = {
  /** Makes an image available, pulling it when it is missing. */
  ensureImage(
    call: Call,
    image: string,
    credentials: readonly Credentials[],
    tell: Tell,
  ): Promise<KnownImage>;
  /** An empty name chooses the kernel. */
  ensureKernel(call: Call, kernel: string, tell: Tell): Promise<string>;
  leaseImage(call: Call, vmId: VmId, image: string): Promise<ImageFiles>;
  leaseKernel(call: Call, vmId: VmId, kernel: string): Promise<KernelFiles & { name: ImageName }>;
  /** Gives up all that a VM holds. Fine when it holds nothing. */
  release(call: Call, vmId: VmId): Promise<void>;
  listHolders(call: Call): Promise<VmId[]>;
};

export type Lease = {
  vmId: VmId;
  mode: NetworkMode;
  address: string;
  prefixLength: number;
  gateway: string;
  resolver: string;
  mac: string;
  machine: MachineNetwork;
};

/** netd, as vmd needs it. */
export type Network = {
  /** Why a mode cannot be had here; absent when it can. */
  refusal(call: Call, mode: NetworkMode): Promise<string | undefined>;
  acquire(call: Call, vm: Vm): Promise<Lease>;
  /** Before a launch. */
  attach(call: Call, vmId: VmId): Promise<Lease>;
  /** After the end of a machine. */
  detach(call: Call, vmId: VmId): Promise<void>;
  set(
    call: Call,
    vmId: VmId,
    change: { vmName?: VmName; nat?: boolean; peers?: boolean },
  ): Promise<void>;
  release(call: Call, vmId: VmId): Promise<void>;
  listHolders(call: Call): Promise<VmId[]>;
};

export type VmDisks = { root: string; work: string };

/** The folders and disks of VMs; nobody else touches them. */
export type Disks = {
  folder(vmId: VmId): string;
  paths(vmId: VmId): VmDisks;
  /** Makes the folder, the root overlay and the work disk. */
  create(call: Call, vm: Vm, image: ImageFiles): Promise<VmDisks>;
  /** Gives the disks the sizes of the spec. They only grow. */
  grow(call: Call, vm: Vm): Promise<void>;
  allocatedBytes(vmId: VmId): Promise<number>;
  /** The console's log: its last lines (0 for all that is kept), and with `follow` what comes after. */
  readLog(
    call: Call,
    vmId: VmId,
    wanted: { tailLines: number; follow: boolean },
  ): AsyncIterable<Uint8Array>;
  remove(vmId: VmId): Promise<void>;
  /** VMs that have a folder, known or not. */
  list(): Promise<VmId[]>;
  /** Free bytes of the file system that the folders are on. */
  freeBytes(): Promise<number>;
};

/** Who a guest is: what is written into it at every boot. */
export type Identity = {
  vm: Vm;
  lease: Lease | undefined;
  image: ImageConfig;
  kernel: KernelFiles;
};

export type Identities = {
  /** Writes the kernel's initrd with the identity appended into the VM's folder; answers its path. */
  write(call: Call, folder: string, kernelInitrd: string, identity: Identity): Promise<string>;
};

/** Connects to the agent of a guest; answers when the guest has said that it is ready. */
export type Guests = {
  connect(call: Call, socket: string): Promise<Guest>;
};

export type Dial = (call: Call) => Promise<GuestConnection>;

/** Ports of the host that lead into guests. */
export type Publisher = {
  /** Answers the port with the host port that was chosen. Fails with the system's error when it is taken. */
  open(vmId: VmId, port: PublishedPort, dial: Dial): Promise<PublishedPort>;
  close(vmId: VmId, port: PublishedPort): Promise<void>;
  closeAll(vmId: VmId): Promise<void>;
};

/** The machine that all this runs on. */
export type Host = {
  now(): Date;
  newId(): VmId;
  newName(): VmName;
  bootId(): string;
  cpus(): number;
  memoryBytes(): number;
  availableMemoryBytes(): number;
  sleep(durationMs: number, signal: AbortSignal): Promise<void>;
  processUsage(process: ProcessIdentity): { cpuMs: number; residentBytes: number } | undefined;
};

/** What the configuration says of VMs. */
export type VmdSettings = {
  image: string;
  vcpus: number | undefined;
  memoryMib: number | undefined;
  diskSizeBytes: number;
  systemSizeBytes: number;
  network: NetworkMode | 'auto';
  /** How long a guest has to power off before it is killed. */
  graceMs: number;
  /** How long a guest has to say that it is ready. */
  bootTimeoutMs: number;
  /** VMs that nobody used for this long are stopped; 0 leaves them. */
  idleStopMs: number;
};
