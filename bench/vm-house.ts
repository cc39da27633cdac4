import { chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Client, createClient } from '#kit/client.ts';
import { openConnection } from '#kit/connection.ts';
import { type Paths, SERVICES, type ServiceName, socketPath } from '#kit/paths.ts';
import { publishProgramCopy } from '#kit/program-copy.ts';
import { formatServiceArguments, nodeFlags } from '#kit/service-arguments.ts';
import { ImageServiceDefinition } from '#proto/banger/v1/image.ts';
import { KernelServiceDefinition } from '#proto/banger/v1/kernel.ts';
import { VmServiceDefinition } from '#proto/banger/v1/vm.ts';
import { startBackground } from './background.ts';
import { type Environment, makeEnvironment } from './environment.ts';
import { withOwnAccount } from './own-account.ts';
import type { Scope } from './row.ts';

/** No account has it; root's services and machines run under it, because none may run as root. */
const UID = 4715;

/** On a busy machine a slow boot is a figure, not a failure. */
const CONFIG = '[vmd]\nboot_timeout = "5m"\n';

const HOUSED = SERVICES.filter((name) => name !== 'rootd');

export type VmHouse = {
  readonly vms: Client<typeof VmServiceDefinition>;
  readonly images: Client<typeof ImageServiceDefinition>;
  readonly kernels: Client<typeof KernelServiceDefinition>;
  /** Where vmd keeps the files of a machine. */
  folderOf(vmId: string): string;
  readonly uid: number;
  readonly vmdPid: number;
  /** What a command line that talks to these services is started with. */
  readonly env: Environment['env'];
};

/** The services that machines without a bridge need, inside one folder, as local mode would run them. */
export async function openVmHouse(scope: Scope): Promise<VmHouse> {
  const uid = process.getuid?.() || UID;
  const { paths, env } = makeEnvironment(scope);
  giveFolders(scope.folder, paths, uid);
  mkdirSync(dirname(paths.config), { recursive: true });
  writeFileSync(paths.config, CONFIG);
  const pids = await startHoused(scope, paths, uid);
  const connect = (service: ServiceName) => {
    const socket = socketPath(paths, service);
    const connection = openConnection({ socket, service, patienceMs: 0 });
    scope.cleanup.defer(async () => connection.close());
    return connection;
  };
  const imaged = connect('imaged');
  return {
    vms: createClient(VmServiceDefinition, connect('vmd')),
    images: createClient(ImageServiceDefinition, imaged),
    kernels: createClient(KernelServiceDefinition, imaged),
    folderOf: (vmId) => join(paths.state, 'vmd/vms', vmId),
    uid,
    vmdPid: pids.get('vmd') ?? 0,
    env,
  };
}

async function startHoused(scope: Scope, paths: Paths, uid: number) {
  const copy = join(scope.folder, 'program');
  publishProgramCopy(process.execPath, copy);
  const pids = new Map<ServiceName, number>();
  for (const service of HOUSED) {
    const plain = {
      file: join(copy, 'bin/node'),
      args: argumentsOf(service, copy, paths, uid),
      env: { PATH: process.env.PATH ?? '', HOME: scope.folder, MALLOC_ARENA_MAX: '1' },
      socket: socketPath(paths, service),
      uid,
    };
    // Only imaged builds images, and only for root is the uid one without a name.
    const named = service === 'imaged' && process.getuid?.() === 0;
    const program = named ? withOwnAccount(scope.folder, uid, plain) : plain;
    pids.set(service, (await startBackground(scope, program)).pid);
  }
  return pids;
}

function argumentsOf(service: ServiceName, program: string, paths: Paths, uid: number): string[] {
  const main = join(program, 'dist', `${service}.mjs`);
  return [...nodeFlags(service), main, ...formatServiceArguments(paths, uid)];
}

function giveFolders(folder: string, paths: Paths, uid: number): void {
  for (const path of [paths.runtime, paths.state, paths.cache, paths.logs]) {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    chownSync(path, uid, uid);
    chownSync(dirname(path), uid, uid);
  }
  chownSync(folder, uid, uid);
}
