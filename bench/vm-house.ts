import { chownSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Client, createClient } from '#kit/client.ts';
import { openConnection } from '#kit/connection.ts';
import { type Paths, SERVICES, type ServiceName, socketPath } from '#kit/paths.ts';
import { publishProgramCopy } from '#kit/program-copy.ts';
import { formatServiceArguments, nodeFlags } from '#kit/service-arguments.ts';
import { type CreateVmResponse, VmServiceDefinition } from '#proto/banger/v1/vm.ts';
import { startBackground } from './background.ts';
import type { Scope } from './row.ts';

/** No account has it; root's services and machines run under it, because none may run as root. */
const UID = 4715;

export type VmHouse = {
  readonly vms: Client<typeof VmServiceDefinition>;
  /** Where vmd keeps the files of a machine. */
  folderOf(vmId: string): string;
  readonly uid: number;
};

/** The services that machines without a bridge need, inside one folder, as local mode would run them. */
export async function openVmHouse(scope: Scope): Promise<VmHouse> {
  const uid = process.getuid?.() || UID;
  const paths = makePaths(scope.folder, uid);
  const program = join(scope.folder, 'program');
  publishProgramCopy(process.execPath, program);
  for (const service of SERVICES.filter((name) => name !== 'rootd')) {
    await startBackground(scope, {
      file: join(program, 'bin/node'),
      args: argumentsOf(service, program, paths, uid),
      env: { PATH: process.env.PATH ?? '', HOME: scope.folder, MALLOC_ARENA_MAX: '1' },
      socket: socketPath(paths, service),
      uid,
    });
  }
  const socket = socketPath(paths, 'vmd');
  const connection = openConnection({ socket, service: 'vmd', patienceMs: 0 });
  scope.cleanup.defer(async () => connection.close());
  return {
    vms: createClient(VmServiceDefinition, connection),
    folderOf: (vmId) => join(paths.state, 'vmd/vms', vmId),
    uid,
  };
}

function argumentsOf(service: ServiceName, program: string, paths: Paths, uid: number): string[] {
  const main = join(program, 'dist', `${service}.mjs`);
  return [...nodeFlags(service), main, ...formatServiceArguments(paths, uid)];
}

function makePaths(folder: string, uid: number): Paths {
  const place = (name: string) => join(folder, name);
  const paths: Paths = {
    mode: 'local',
    runtime: place('run'),
    state: place('state'),
    cache: place('cache'),
    logs: place('logs'),
    config: place('config.toml'),
  };
  for (const path of [folder, paths.runtime, paths.state, paths.cache, paths.logs]) {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    chownSync(path, uid, uid);
  }
  return paths;
}

/** The id of the machine that a create ends with. */
export async function createdVm(stream: AsyncIterable<CreateVmResponse>): Promise<string> {
  let id = '';
  for await (const { part } of stream) if (part?.$case === 'vm') id = part.value.id;
  return id;
}

/** Reads a stream of stages to its end. */
export async function finish(stream: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of stream);
}
