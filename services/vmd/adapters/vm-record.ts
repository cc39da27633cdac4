import { BangerError, isReason } from '#kit/errors.ts';
import { Fields } from '#kit/fields.ts';
import { parseImageName, parseVmId, parseVmName } from '#kit/names.ts';
import {
  type BootPhase,
  type Failure,
  type ImageConfig,
  type PublishedPort,
  type Run,
  type Source,
  type SyncedFile,
  VM_STATES,
  type Vm,
  type VmSpec,
  type Workspace,
} from '../domain/vm.ts';

/** A VM's record as the database keeps it: dates as text, bytes in base64, everything else as it is. */
export function formatVmRecord(vm: Vm): string {
  const { syncedFiles } = vm;
  if (syncedFiles === undefined) return JSON.stringify(vm);
  const files = syncedFiles.map(({ content, ...file }) => ({
    ...file,
    content: Buffer.from(content).toString('base64'),
  }));
  return JSON.stringify({ ...vm, syncedFiles: { files } });
}

/** A record on the disk is as foreign as a request: it may be from another version, or damaged. */
export function parseVmRecord(text: string): Vm {
  try {
    return readVm(new Fields(JSON.parse(text), 'vm'));
  } catch (cause) {
    if (cause instanceof BangerError && cause.reason === 'STATE_CORRUPT') throw cause;
    throw new BangerError('STATE_CORRUPT', 'a vm is recorded in a form that cannot be read', {
      cause,
    });
  }
}

function readVm(from: Fields): Vm {
  return {
    id: parseVmId(from.text('id')),
    name: parseVmName(from.text('name')),
    state: from.choice('state', VM_STATES),
    stateDetail: from.text('stateDetail'),
    ...from.optional('failure', readFailure),
    spec: readSpec(from.fields('spec')),
    image: readSource(from.fields('image')),
    ...from.optional('imageConfig', readImageConfig),
    kernel: readSource(from.fields('kernel')),
    driver: from.text('driver'),
    pendingSettings: from.texts('pendingSettings'),
    idempotencyKey: from.text('idempotencyKey'),
    createdAt: from.date('createdAt'),
    lastUsedAt: from.date('lastUsedAt'),
    publishedPorts: from.list('publishedPorts', readPort),
    ...from.optional('workspace', readWorkspace),
    ...from.optional('gitIdentity', (git) => ({
      name: git.text('name'),
      email: git.text('email'),
    })),
    ...from.optional('syncedFiles', (synced) => synced.list('files', readSyncedFile)),
    ...from.mark('held'),
    ...from.optional('run', readRun),
  };
}

function readSpec(from: Fields): VmSpec {
  return {
    vcpus: from.number('vcpus'),
    memoryMib: from.number('memoryMib'),
    diskSizeBytes: from.number('diskSizeBytes'),
    systemSizeBytes: from.number('systemSizeBytes'),
    network: from.choice('network', ['bridge', 'user', 'none']),
    nat: from.flag('nat'),
    peers: from.flag('peers'),
    autostart: from.flag('autostart'),
    labels: from.textMap('labels'),
  };
}

function readSource(from: Fields): Source {
  return { id: from.text('id'), name: parseImageName(from.text('name')) };
}

function readImageConfig(from: Fields): ImageConfig {
  return {
    entrypoint: from.texts('entrypoint'),
    command: from.texts('command'),
    environment: from.texts('environment'),
    user: from.text('user'),
    workingDir: from.text('workingDir'),
    init: from.text('init'),
  };
}

function readFailure(from: Fields): Failure {
  const reason = from.text('reason');
  return {
    reason: isReason(reason) ? reason : 'INTERNAL',
    message: from.text('message'),
    at: from.date('at'),
  };
}

function readSyncedFile(from: Fields): SyncedFile {
  return {
    guestPath: from.text('guestPath'),
    content: Buffer.from(from.text('content'), 'base64'),
    mode: from.number('mode'),
  };
}

function readPort(from: Fields): PublishedPort {
  return {
    protocol: from.choice('protocol', ['tcp', 'udp']),
    hostAddress: from.text('hostAddress'),
    hostPort: from.number('hostPort'),
    guestPort: from.number('guestPort'),
  };
}

function readWorkspace(from: Fields): Workspace {
  return {
    guestPath: from.text('guestPath'),
    hostPath: from.text('hostPath'),
    headCommit: from.text('headCommit'),
    branch: from.text('branch'),
    mode: from.choice('mode', ['overlay', 'full-copy']),
    readOnly: from.flag('readOnly'),
    preparedAt: from.date('preparedAt'),
    settledAt: from.date('settledAt'),
  };
}

function readRun(from: Fields): Run {
  const identity = from.fields('process');
  return {
    process: { pid: identity.number('pid'), startTicks: identity.number('startTicks') },
    accelerator: from.choice('accelerator', ['kvm', 'tcg']),
    hostBootId: from.text('hostBootId'),
    address: from.text('address'),
    startedAt: from.date('startedAt'),
    bootId: from.text('bootId'),
    bootPhases: from.list('bootPhases', readPhase),
  };
}

function readPhase(from: Fields): BootPhase {
  return { name: from.text('name'), atMs: from.number('atMs') };
}
