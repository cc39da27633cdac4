import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeFileAtomic } from '#kit/atomic-file.ts';
import type { Call } from '#kit/call.ts';
import { isRunning } from '#kit/process-identity.ts';
import { OWN_SOCKETS } from '#kit/qemu-arguments.ts';
import type { KernelFiles, MachinePlace } from '../../domain/driver.ts';
import type { Accelerator } from '../../domain/vm.ts';
import { awaitQmp, launchQemu } from './launch.ts';
import { runningMachine } from './machine.ts';
import { createOwnLauncher } from './own-launcher.ts';
import { PROBE_PREFIX } from './sweep-probes.ts';
import { readVerdict, type Verdict } from './verdict.ts';

export type ProbeOptions = {
  binary: string;
  /** Folder of our own, for the verdicts and for the guest that is probed with. */
  folder: string;
  bootId(): string;
  newId(): MachinePlace['vmId'];
};

export type Probe = {
  chooseAccelerator(call: Call, kernel: KernelFiles): Promise<Accelerator>;
};

/** A guest under KVM that works says its first word within a few hundred milliseconds. */
const HELLO_MS = 2000;
const LOOK_MS = 20;
/** What the guest program writes to the console when it finds no disk to boot from: it ran. */
const HELLO = 'banger-guest';

/**
 * Whether KVM really runs guests here. That /dev/kvm can be opened proves nothing: in nested and restricted hosts
 * it exists and every guest hangs. So a guest without disks is booted once for a kernel and a boot of the host,
 * and what it said, or did not say in time, is remembered.
 */
export function createProbe(options: ProbeOptions): Probe {
  const running = new Map<string, Promise<Accelerator>>();
  return {
    async chooseAccelerator(call, kernel) {
      // Not remembered: whoever is let in later need not wait for the next boot of the host.
      if (!mayUseKvm()) return 'tcg';
      const file = join(options.folder, `kvm-${kernel.id}.json`);
      const known = await readVerdict(file, options.bootId());
      if (known !== undefined) return known;
      const probing = running.get(kernel.id) ?? probe(options, call, kernel, file);
      running.set(kernel.id, probing);
      try {
        return await probing;
      } finally {
        running.delete(kernel.id);
      }
    },
  };
}

function mayUseKvm(): boolean {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
    return true;
  } catch {
    // Absent, or for others only.
    return false;
  }
}

async function probe(
  options: ProbeOptions,
  call: Call,
  kernel: KernelFiles,
  file: string,
): Promise<Accelerator> {
  const works = await saysHello(options, call, kernel);
  const verdict: Verdict = { accelerator: works ? 'kvm' : 'tcg', bootId: options.bootId() };
  call.log.info('accelerator probed', { kernel: kernel.id, ...verdict });
  await writeFileAtomic(file, JSON.stringify(verdict));
  return verdict.accelerator;
}

async function saysHello(
  { binary, folder, newId }: ProbeOptions,
  call: Call,
  kernel: KernelFiles,
): Promise<boolean> {
  const place = {
    vmId: newId(),
    folder: await mkdtemp(join(folder, PROBE_PREFIX)),
    privileged: false,
  };
  await using cleaning = new AsyncDisposableStack();
  cleaning.defer(() => rm(place.folder, { recursive: true, force: true }));
  try {
    const identity = await launchQemu(binary, place.folder, probeMachine(kernel));
    const qmp = await awaitQmp(call, place.folder, identity);
    const machine = runningMachine(place, identity, qmp, createOwnLauncher(binary));
    cleaning.defer(async () => {
      await machine.signal(call, 'KILL');
      await machine.exited;
      machine.release();
    });
    return await heard(
      call,
      () => machine.readConsole(4096),
      () => isRunning(identity),
    );
  } catch (error) {
    // QEMU itself may abort where KVM is broken; that is an answer too.
    call.log.info('kvm probe failed', { error });
    return false;
  }
}

async function heard(
  call: Call,
  read: () => Promise<string>,
  goesOn: () => boolean,
): Promise<boolean> {
  const deadline = performance.now() + HELLO_MS;
  while (performance.now() < deadline) {
    if ((await read()).includes(HELLO)) return true;
    if (!goesOn()) return (await read()).includes(HELLO);
    await sleep(LOOK_MS, undefined, { signal: call.signal });
  }
  return false;
}

function probeMachine(kernel: KernelFiles) {
  return {
    name: 'banger-probe',
    vcpus: 1,
    memoryMib: 128,
    accelerator: 'kvm',
    tscKhz: 0,
    vmlinux: kernel.vmlinux,
    initrd: kernel.initrd,
    disks: [],
    channels: OWN_SOCKETS,
    network: undefined,
    verboseConsole: false,
  } as const;
}
