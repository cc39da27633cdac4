import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import type { VmId } from '#kit/names.ts';

export type CgroupLimits = {
  readonly memoryMib: number;
  readonly vcpus: number;
  readonly tasks: number;
};

const CONTROLLERS_FILE = 'cgroup.controllers';
const CONTROLLERS = ['cpu', 'memory', 'pids'] as const;

/** Where cgroup v2 can be reached; absent on a host that has version 1 only, or has mounted something over it. */
export function findCgroupMount(): string | undefined {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  // proc_pid_mountinfo(5): the fifth field is the mount point, the type follows the lone "-".
  const mounts = lines.filter((line) => / - cgroup2 /.test(line)).map((line) => line.split(' ')[4]);
  return mounts.find((mount) => mount !== undefined && existsSync(join(mount, CONTROLLERS_FILE)));
}

/**
 * A control group for one VM, and the descriptor through which the VMM enters it. Absent, and said in the log,
 * where the host offers none that can be written: the VMM then shares rootd's.
 */
export function openCgroup(
  call: Call,
  name: string,
  vmId: VmId,
  limits: CgroupLimits,
): ({ readonly fd: number } & Disposable) | undefined {
  const mount = findCgroupMount();
  if (mount === undefined) return undefined;
  try {
    const parent = join(mount, name);
    const group = join(parent, vmId);
    enableControllers(mount);
    mkdirSync(parent, { recursive: true });
    enableControllers(parent);
    mkdirSync(group, { recursive: true });
    setLimits(group, limits);
    const fd = openSync(join(group, 'cgroup.procs'), constants.O_WRONLY);
    return { fd, [Symbol.dispose]: () => closeSync(fd) };
  } catch (error) {
    call.log.warn('vmm gets no control group', { vm: vmId, error });
    return undefined;
  }
}

/** Fails while a process is in it, so nothing that lives loses its group. */
export function removeCgroup(name: string, vmId: VmId): void {
  const mount = findCgroupMount();
  if (mount === undefined) return;
  try {
    rmdirSync(join(mount, name, vmId));
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    if (code === 'ENOENT' || code === 'EROFS') return;
    throw new BangerError('VM_RUNNING', `a process is left in the control group of vm "${vmId}"`, {
      cause,
      metadata: { vm: vmId },
    });
  }
}

/** Of the controllers that are offered here; a group's children have those that its parent enabled. */
function enableControllers(group: string): void {
  const offered = readFileSync(join(group, CONTROLLERS_FILE), 'utf8').trim().split(' ');
  const wanted = CONTROLLERS.filter((controller) => offered.includes(controller));
  if (wanted.length === 0) return;
  const text = wanted.map((controller) => `+${controller}`).join(' ');
  writeFileSync(join(group, 'cgroup.subtree_control'), text);
}

function setLimits(group: string, { memoryMib, vcpus, tasks }: CgroupLimits): void {
  const controllers = readFileSync(join(group, 'cgroup.controllers'), 'utf8').trim().split(' ');
  const set = (controller: string, file: string, value: string) => {
    if (controllers.includes(controller)) writeFileSync(join(group, file), value);
  };
  set('memory', 'memory.max', `${memoryMib}M`);
  set('memory', 'memory.oom.group', '1');
  set('pids', 'pids.max', `${tasks}`);
  // Beside the virtual processors, one for the VMM's own threads.
  set('cpu', 'cpu.max', `${(vcpus + 1) * 100_000} 100000`);
}
