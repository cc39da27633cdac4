import { BangerError } from '#kit/errors.ts';
import { Accelerator as AcceleratorMessage, type Failure } from '#proto/banger/v1/types.ts';
import {
  type ExecExit as ExecExitMessage,
  type GetVmFileResponse,
  type ListeningPort,
  PortProtocol,
  type PublishedPort as PublishedPortMessage,
  type ReadVmStatsResponse,
  VmFileKind,
  Vm as VmMessage,
  VmState as VmStateMessage,
  type Workspace as WorkspaceMessage,
  WorkspaceMode,
} from '#proto/banger/v1/vm.ts';
import type { ExecExit, FoundFile, GuestPort } from '../domain/guest.ts';
import type { VmStats } from '../domain/read-vm-stats.ts';
import type { PublishedPort, Run, Vm, VmSpec, VmState, Workspace } from '../domain/vm.ts';
import { toNetworkMode } from './network-mode.ts';

const STATES: Readonly<Record<VmState, VmStateMessage>> = {
  creating: VmStateMessage.CREATING,
  starting: VmStateMessage.STARTING,
  running: VmStateMessage.RUNNING,
  paused: VmStateMessage.PAUSED,
  stopping: VmStateMessage.STOPPING,
  stopped: VmStateMessage.STOPPED,
  error: VmStateMessage.ERROR,
  deleting: VmStateMessage.DELETING,
};

const ACCELERATORS = { kvm: AcceleratorMessage.KVM, tcg: AcceleratorMessage.TCG } as const;

export function toVmMessage(vm: Vm): VmMessage {
  const { id, name, stateDetail, driver, createdAt, lastUsedAt, failure, workspace } = vm;
  return VmMessage.fromPartial({
    id,
    name,
    state: STATES[vm.state],
    stateDetail,
    ...(failure === undefined ? {} : { failure }),
    spec: toSpecMessage(vm.spec),
    imageId: vm.image.id,
    imageName: vm.image.name,
    kernelId: vm.kernel.id,
    kernelName: vm.kernel.name,
    driver,
    publishedPorts: vm.publishedPorts.map(toPortMessage),
    ...(workspace === undefined ? {} : { workspace: toWorkspaceMessage(workspace) }),
    ...(vm.run === undefined ? {} : runFields(vm, vm.run)),
    createdAt,
    lastUsedAt,
    pendingSettings: [...vm.pendingSettings],
  });
}

function runFields(vm: Vm, run: Run) {
  return {
    accelerator: ACCELERATORS[run.accelerator],
    address: run.address,
    dnsName: vm.spec.network === 'bridge' ? `${vm.name}.vm` : '',
    pid: run.process.pid,
    bootId: run.bootId,
    startedAt: run.startedAt,
    bootPhases: [...run.bootPhases],
  };
}

function toSpecMessage(spec: VmSpec) {
  return { ...spec, network: toNetworkMode(spec.network), labels: { ...spec.labels } };
}

export function toPortMessage({ protocol, ...port }: PublishedPort): PublishedPortMessage {
  return { ...port, protocol: protocol === 'tcp' ? PortProtocol.TCP : PortProtocol.UDP };
}

export function toListeningMessage({ protocol, ...port }: GuestPort): ListeningPort {
  return { ...port, protocol: protocol === 'tcp' ? PortProtocol.TCP : PortProtocol.UDP };
}

export function toStatsMessage({ guest, ...stats }: VmStats): ReadVmStatsResponse {
  return {
    ...stats,
    guestMemoryTotalBytes: guest.memoryTotalBytes,
    guestMemoryAvailableBytes: guest.memoryAvailableBytes,
    guestLoad1m: guest.load1m,
    guestDiskTotalBytes: guest.diskTotalBytes,
    guestDiskFreeBytes: guest.diskFreeBytes,
    guestUptimeMs: Math.round(guest.uptimeMs),
    networkReceivedBytes: guest.networkReceivedBytes,
    networkSentBytes: guest.networkSentBytes,
  };
}

export function toWorkspaceMessage(workspace: Workspace): WorkspaceMessage {
  const modes = { overlay: WorkspaceMode.OVERLAY, 'full-copy': WorkspaceMode.FULL_COPY } as const;
  const { guestPath, hostPath, headCommit, branch, readOnly, preparedAt } = workspace;
  const mode = modes[workspace.mode];
  return { guestPath, hostPath, headCommit, branch, mode, readOnly, preparedAt };
}

const FILE_KINDS = {
  file: VmFileKind.FILE,
  folder: VmFileKind.FOLDER,
  // None is left after links were followed.
  link: VmFileKind.OTHER,
  other: VmFileKind.OTHER,
} as const;

export function toFileMessage(file: FoundFile | undefined): GetVmFileResponse {
  if (file === undefined) return { kind: VmFileKind.ABSENT, mode: 0, sizeBytes: 0 };
  return { kind: FILE_KINDS[file.kind], mode: file.mode & 0o7777, sizeBytes: file.sizeBytes };
}

export function toExitMessage(exit: ExecExit): ExecExitMessage {
  return 'status' in exit
    ? { outcome: { $case: 'status', value: exit.status } }
    : { outcome: { $case: 'signal', value: exit.signal } };
}

export function toFailureMessage(error: unknown): Failure {
  const known = error instanceof BangerError;
  return {
    reason: known ? error.reason : 'INTERNAL',
    message: known ? error.message : 'internal error; see the log of vmd',
    at: undefined,
  };
}
