import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { run } from '#kit/exec.ts';
import { greetGuest } from './guest-hello.ts';
import type { Scope } from './row.ts';
import type { VmHouse } from './vm-house.ts';
import { createdVm, createRequest, finish, type Wanted } from './vm-requests.ts';

/** What starts a machine that vmd made, without vmd. */
export type Recipe = {
  file: string;
  args: readonly string[];
  /** The folder that the arguments name. */
  origin: string;
  /** The machine's files as they are before the first boot. */
  model: string;
  uid: number;
};

/** A machine of QEMU alone, in a folder of its own. */
export type ByHand = { pid: number; folder: string; startedAt: number; kill(): Promise<void> };

const COPY_TIMEOUT_MS = 120_000;

/** Lets vmd make a machine and boot it once, and keeps its command line and a copy of its files. */
export async function learnRecipe(scope: Scope, house: VmHouse, wanted: Wanted): Promise<Recipe> {
  const { vms, folderOf, uid } = house;
  const { id: vm } = await createdVm(vms.createVm(createRequest(wanted, { noStart: true })));
  const [origin, model] = [folderOf(vm), join(scope.folder, 'model')];
  await copyFiles(origin, model);
  await finish(vms.startVm({ vm }));
  const { pid = 0 } = (await vms.getVm({ vm })).vm ?? {};
  const [file = '', ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
    .split('\0')
    .slice(0, -1);
  await copyFiles(join(origin, 'initrd'), join(model, 'initrd'));
  await finish(vms.deleteVm({ vm }));
  return { file, args, origin, model, uid };
}

/** Starts it and answers once its guest has answered. */
export async function bootByHand(recipe: Recipe, folder: string): Promise<ByHand> {
  const { file, args, origin, model, uid } = recipe;
  await copyFiles(model, folder);
  await tool('chown', '-R', `${uid}:${uid}`, folder);
  const moved = args.map((argument) => argument.replaceAll(origin, folder));
  const startedAt = performance.now();
  const stdio = ['ignore', 'ignore', 'pipe'] as const;
  const qemu = spawn(file, moved, { cwd: folder, uid, gid: uid, stdio: [...stdio] });
  const ended = once(qemu, 'close');
  const said = text(qemu.stderr);
  const kill = async () => {
    qemu.kill('SIGKILL');
    await ended;
    rmSync(folder, { recursive: true });
  };
  try {
    const endedEarly = ended.then(async () => {
      throw new Error(`QEMU ended: ${await said}`);
    });
    // Once it has answered, or was killed, its end is nobody's failure.
    endedEarly.catch(() => undefined);
    await Promise.race([greetGuest(join(folder, 'guest.sock')), endedEarly]);
    return { pid: qemu.pid ?? 0, folder, startedAt, kill };
  } catch (error) {
    await kill();
    throw error;
  }
}

/** Disks are nearly all holes; Node's own copy would write every byte of them. */
function copyFiles(from: string, to: string): Promise<string> {
  return tool('cp', '-a', '--sparse=always', '--', from, to);
}

function tool(file: string, ...args: string[]): Promise<string> {
  return run(file, args, { signal: new AbortController().signal, timeoutMs: COPY_TIMEOUT_MS });
}
