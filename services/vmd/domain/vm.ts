import { BangerError, type Reason } from '#kit/errors.ts';
import type { ImageName, VmId, VmName } from '#kit/names.ts';

export const VM_STATES = [
  'creating',
  'starting',
  'running',
  'paused',
  'stopping',
  'stopped',
  'error',
  'deleting',
] as const;
export type VmState = (typeof VM_STATES)[number];

export type NetworkMode = 'bridge' | 'user' | 'none';
export type Accelerator = 'kvm' | 'tcg';

/** What the owner asked for; everything in it holds from the next start on at the latest. */
export type VmSpec = {
  vcpus: number;
  memoryMib: number;
  /** Work disk, mounted at /root. */
  diskSizeBytes: number;
  systemSizeBytes: number;
  network: NetworkMode;
  nat: boolean;
  peers: boolean;
  autostart: boolean;
  labels: Readonly<Record<string, string>>;
};

/** A process is its pid and its start time; the pid alone may be somebody else's by now. */
export type ProcessIdentity = { pid: number; startTicks: number };

export type PublishedPort = {
  protocol: 'tcp' | 'udp';
  hostAddress: string;
  hostPort: number;
  guestPort: number;
};

export type Workspace = {
  guestPath: string;
  hostPath: string;
  headCommit: string;
  branch: string;
  mode: 'overlay' | 'full-copy';
  readOnly: boolean;
  preparedAt: Date;
  /** By the guest's clock: what changed in it later was changed there. */
  settledAt: Date;
};

export type BootPhase = { name: string; atMs: number };

export type Failure = { reason: Reason; message: string; at: Date };

/** A file of the owner's, read on the owner's side. */
export type SyncedFile = { guestPath: string; content: Uint8Array; mode: number };

/** What the image's author asks of whoever runs it. */
export type ImageConfig = {
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly environment: readonly string[];
  readonly user: string;
  readonly workingDir: string;
  /** Empty for an image without an init program. */
  readonly init: string;
};

/** What a virtual machine was asked to boot from. Ids, because a name may point elsewhere tomorrow. */
export type Source = { id: string; name: ImageName };

export type Vm = {
  readonly id: VmId;
  readonly name: VmName;
  readonly state: VmState;
  /** Why it is in this state where that is not plain. */
  readonly stateDetail: string;
  readonly failure?: Failure;
  readonly spec: VmSpec;
  readonly image: Source;
  /** Kept here so that programs can be started while imaged is away. Absent until the next boot of an older record. */
  readonly imageConfig?: ImageConfig;
  readonly kernel: Source;
  readonly driver: string;
  /** The spec of the running machine differs from `spec` in these. */
  readonly pendingSettings: readonly string[];
  readonly idempotencyKey: string;
  readonly createdAt: Date;
  readonly lastUsedAt: Date;
  readonly publishedPorts: readonly PublishedPort[];
  readonly workspace?: Workspace;
  readonly gitIdentity?: { name: string; email: string };
  /** Waiting for the first boot, which writes them into the guest; from then on they are the guest's. */
  readonly syncedFiles?: readonly SyncedFile[];
  /** It is deleted when the caller who made it has left; none of them outlives vmd. */
  readonly held?: true;
  /** Present from the launch to the end of the VMM. */
  readonly run?: Run;
};

/** One life of the VMM. */
export type Run = {
  readonly process: ProcessIdentity;
  readonly accelerator: Accelerator;
  /** The host's boot in which it was launched: after another boot the process cannot be. */
  readonly hostBootId: string;
  readonly address: string;
  readonly startedAt: Date;
  /** Empty until the guest answered. */
  readonly bootId: string;
  readonly bootPhases: readonly BootPhase[];
};

const TRANSITIONS: Readonly<Record<VmState, readonly VmState[]>> = {
  creating: ['starting', 'stopped', 'error', 'deleting'],
  starting: ['running', 'stopped', 'error', 'stopping'],
  running: ['starting', 'paused', 'stopping', 'stopped', 'error', 'deleting'],
  paused: ['running', 'stopping', 'stopped', 'error', 'deleting'],
  stopping: ['stopped', 'error'],
  stopped: ['starting', 'deleting'],
  error: ['starting', 'stopping', 'stopped', 'deleting'],
  deleting: [],
};

export function mayBecome(from: VmState, to: VmState): boolean {
  return from === to || TRANSITIONS[from].includes(to);
}

/** The record in its next state; a step that the table does not know is a defect of a verb. */
export function moveTo(vm: Vm, state: VmState, change: Partial<Vm> = {}): Vm {
  if (!mayBecome(vm.state, state)) {
    throw new BangerError('INTERNAL', `vm "${vm.name}" cannot go from ${vm.state} to ${state}`);
  }
  return { ...withoutFailure(vm), stateDetail: '', ...change, state };
}

function withoutFailure({ failure: _failure, ...rest }: Vm): Vm {
  return rest;
}

/** The record of a VM that has got what its owner sent along. */
export function withoutSyncedFiles({ syncedFiles: _files, ...rest }: Vm): Vm {
  return rest;
}

/** The record of a VM without a VMM. */
export function withoutRun({ run: _run, ...rest }: Vm): Vm {
  return rest;
}

/** Whether a VMM may exist for a VM in this state. */
export function isUp(vm: Vm): boolean {
  return vm.state === 'running' || vm.state === 'paused';
}
