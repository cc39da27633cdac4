import { posix } from 'node:path';
import { BangerError } from '#kit/errors.ts';
import { parseVmName, printableName } from '#kit/names.ts';
import {
  type CreateVmRequest,
  type ExecStart,
  KillSignal,
  PortProtocol,
  type PublishedPort as PublishedPortMessage,
  type SetVmRequest,
  type SyncedFile as SyncedFileMessage,
  type VmSettings as VmSettingsMessage,
  WaitCondition as WaitConditionMessage,
} from '#proto/banger/v1/vm.ts';
import type { CreateVm } from '../domain/create-vm.ts';
import type { MachineSignal } from '../domain/driver.ts';
import type { ExecVm } from '../domain/exec-vm.ts';
import type { SetVm } from '../domain/set-vm.ts';
import type { PublishedPort, SyncedFile } from '../domain/vm.ts';
import type { VmSettings } from '../domain/vm-settings.ts';
import type { WaitCondition } from '../domain/wait-vm.ts';
import { findNetworkMode } from './network-mode.ts';

/** Requests as the domain wants them: every field is parsed, and one that is wrong is named. */
export function parseCreate(request: CreateVmRequest, caller: AbortSignal): CreateVm {
  const { name, image, kernel, settings, publish, noStart, keepFailed, idempotencyKey } = request;
  const { credentials, gitIdentity, syncedFiles, hold, detach } = request;
  if (hold && detach) throw invalid('hold', 'who goes on without the vm cannot hold it');
  return {
    ...(name === '' ? {} : { name: parseVmName(name) }),
    image,
    kernel,
    settings: parseSettings(settings),
    publish: publish.map(parsePort),
    start: !noStart,
    keepFailed,
    idempotencyKey,
    credentials,
    syncedFiles: syncedFiles.map(parseSyncedFile),
    ...(gitIdentity === undefined ? {} : { gitIdentity }),
    ...(hold ? { holder: caller } : {}),
  };
}

/** Below /root, which is the owner's; everything else of the guest is the image's. */
function parseSyncedFile({ guestPath, content, mode }: SyncedFileMessage): SyncedFile {
  const plain = posix.normalize(guestPath) === guestPath && !/\p{Cc}|\/$/u.test(guestPath);
  if (!plain || !guestPath.startsWith('/root/')) {
    throw invalid('synced_files', `"${printableName(guestPath)}" is no path of a file below /root`);
  }
  return { guestPath, content, mode: mode & 0o777 };
}

export function parseSet({ name, settings, removeLabels }: SetVmRequest): SetVm {
  return {
    ...(name === undefined ? {} : { name: parseVmName(name) }),
    settings: parseSettings(settings),
    removeLabels,
  };
}

function parseSettings(settings: VmSettingsMessage | undefined): VmSettings {
  if (settings === undefined) return {};
  const { network, labels, ...rest } = settings;
  return { ...rest, network: findNetworkMode(network), labels };
}

export function parsePort(port: PublishedPortMessage | undefined): PublishedPort {
  if (port === undefined) throw invalid('port', 'say which port');
  const { protocol, hostAddress, hostPort, guestPort } = port;
  for (const [field, value, least] of [
    ['host_port', hostPort, 0],
    ['guest_port', guestPort, 1],
  ] as const) {
    if (value < least || value > 65_535) {
      throw invalid(field, `a port is ${least} to 65535, not ${value}`);
    }
  }
  return {
    protocol: protocol === PortProtocol.UDP ? 'udp' : 'tcp',
    hostAddress: hostAddress || '127.0.0.1',
    hostPort,
    guestPort,
  };
}

const KILL_SIGNALS: Readonly<Partial<Record<KillSignal, MachineSignal>>> = {
  [KillSignal.UNSPECIFIED]: 'KILL',
  [KillSignal.KILL]: 'KILL',
  [KillSignal.TERM]: 'TERM',
  [KillSignal.INT]: 'INT',
  [KillSignal.QUIT]: 'QUIT',
  [KillSignal.ABRT]: 'ABRT',
};

export function parseSignal(signal: KillSignal): MachineSignal {
  const found = KILL_SIGNALS[signal];
  if (found !== undefined) return found;
  throw invalid('signal', `signal ${signal} is not known here`);
}

const CONDITIONS: Readonly<Partial<Record<WaitConditionMessage, WaitCondition>>> = {
  [WaitConditionMessage.READY]: 'ready',
  [WaitConditionMessage.SYSTEM]: 'system',
  [WaitConditionMessage.STOPPED]: 'stopped',
  [WaitConditionMessage.DELETED]: 'deleted',
};

export function parseCondition(condition: WaitConditionMessage): WaitCondition {
  const found = CONDITIONS[condition];
  if (found !== undefined) return found;
  throw invalid('condition', 'say what to wait for: ready, system, stopped or deleted');
}

export function parseExec(start: ExecStart): ExecVm {
  const { environment, workingDir, user, terminal, detach } = start;
  for (const entry of environment) {
    if (!/^[^=\0]+=[^\0]*$/.test(entry))
      throw invalid('environment', `"${entry}" is not NAME=value`);
  }
  return {
    arguments: start.arguments,
    environment,
    workingDir,
    user,
    detach,
    ...(terminal === undefined ? {} : { terminal }),
  };
}

export function invalid(field: string, message: string): BangerError {
  return new BangerError('INVALID_FIELD', message, { metadata: { field } });
}
