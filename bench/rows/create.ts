import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { greetGuest } from '../guest-hello.ts';
import type { Contest, Row, Sample, Scope } from '../row.ts';
import { createdVm, finish, openVmHouse, type VmHouse } from '../vm-house.ts';

export const create: Row = {
  name: 'create',
  subject: 'a machine made and booted, to the first byte of its first command',
  references: [
    { name: 'the same QEMU command line by hand, to the first sign of life', atMost: 1.1 },
  ],
  figure: { name: 'wall', unit: 'ms' },
  beside: { name: 'the command', unit: 'ms' },
  rounds: 9,
  warmUps: 1,
  note: "The busybox image with one processor and 256 MiB. By hand, the same kernel, initial RAM disk, disks and arguments are started without any service, with the disks made beforehand, and the guest's agent is greeted over its socket.",
  prepare,
};

const WANTED = {
  image: 'busybox',
  settings: { vcpus: 1, memoryMib: 256, labels: {} },
  publish: [],
  credentials: [],
  syncedFiles: [],
};

async function prepare(scope: Scope): Promise<Contest> {
  const house = await openVmHouse(scope);
  const byHand = await copyMachine(scope, house);
  return { subject: () => createAndRun(house), references: [byHand] };
}

async function createAndRun({ vms }: VmHouse): Promise<Sample> {
  const startedAt = performance.now();
  const vm = await createdVm(vms.createVm(WANTED));
  const readyAt = performance.now();
  await firstByte(vms.execVm(execRequests(vm)));
  const endedAt = performance.now();
  await finish(vms.deleteVm({ vm }));
  return { value: endedAt - startedAt, beside: endedAt - readyAt };
}

async function* execRequests(vm: string) {
  const start = { vm, arguments: ['echo', 'first'], environment: [], workingDir: '', user: '' };
  yield { part: { $case: 'start' as const, value: { ...start, detach: false } } };
}

async function firstByte(answers: ReturnType<VmHouse['vms']['execVm']>): Promise<void> {
  for await (const { part } of answers) if (part?.$case === 'stdout') return;
  throw new Error('the command wrote nothing');
}

/** Disks as they are before the first boot, and what vmd starts them with. */
async function copyMachine(scope: Scope, house: VmHouse): Promise<() => Promise<Sample>> {
  const { vms, folderOf, uid } = house;
  const vm = await createdVm(vms.createVm({ ...WANTED, noStart: true }));
  const [folder, model] = [folderOf(vm), join(scope.folder, 'model')];
  cpSync(folder, model, { recursive: true });
  await finish(vms.startVm({ vm }));
  const { pid = 0 } = (await vms.getVm({ vm })).vm ?? {};
  const [file = '', ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
    .split('\0')
    .slice(0, -1);
  cpSync(join(folder, 'initrd'), join(model, 'initrd'));
  await finish(vms.deleteVm({ vm }));
  return () => bootByHand({ file, args, folder, model, uid });
}

type ByHand = { file: string; args: readonly string[]; folder: string; model: string; uid: number };

async function bootByHand({ file, args, folder, model, uid }: ByHand): Promise<Sample> {
  // At the very place that the arguments name.
  cpSync(model, folder, { recursive: true, preserveTimestamps: true });
  await using undoing = new AsyncDisposableStack();
  undoing.defer(async () => rmSync(folder, { recursive: true }));
  await own(folder, uid);
  const startedAt = performance.now();
  const qemu = spawn(file, args, { cwd: folder, uid, gid: uid, stdio: 'ignore' });
  const ended = once(qemu, 'exit');
  undoing.defer(async () => {
    qemu.kill('SIGKILL');
    await ended;
  });
  await greetGuest(join(folder, 'guest.sock'));
  return { value: performance.now() - startedAt, beside: 0 };
}

/** Copies are root's; the machine's uid opens them. */
async function own(folder: string, uid: number): Promise<void> {
  const changed = spawn('chown', ['-R', `${uid}:${uid}`, folder], { stdio: 'ignore' });
  await once(changed, 'exit');
}
