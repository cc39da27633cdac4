import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

export type TestDisk = {
  readonly path: string;
  readonly serial: string;
  readonly readOnly?: boolean;
};

export type QemuOptions = {
  /** For sockets, the initrd and the console's log. */
  readonly folder: string;
  readonly vmlinux: string;
  /** The packed initrd and the identity archive, one after the other. */
  readonly initrd: readonly Buffer[];
  readonly disks: readonly TestDisk[];
  readonly memoryMib?: number;
  readonly network?: boolean;
};

export type QemuGuest = {
  readonly process: ChildProcess;
  /** When the process was started, as `performance.now()` says. */
  readonly startedMs: number;
  readonly exited: Promise<number | null>;
  connect(): Promise<Duplex>;
  console(): Promise<string>;
  kill(): Promise<void>;
};

/**
 * The command line of the design notes: microvm, virtio-mmio, TCG, one CPU. Without ERMS the kernel
 * copies eight bytes at a time instead of one, which TCG runs three times as fast.
 */
export async function startQemuGuest(options: QemuOptions): Promise<QemuGuest> {
  const { folder } = options;
  const initrd = join(folder, 'initrd');
  await writeFile(initrd, Buffer.concat(options.initrd));
  const startedMs = performance.now();
  const child = spawn('qemu-system-x86_64', argumentsOf(options, initrd), {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  await once(child, 'spawn');
  return {
    process: child,
    startedMs,
    exited,
    connect: () => connectWhenThere(join(folder, 'guest.sock'), child),
    console: () => readFile(join(folder, 'console.log'), 'utf8'),
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

function argumentsOf(options: QemuOptions, initrd: string): string[] {
  const { folder, vmlinux, disks, memoryMib = 128 } = options;
  return [
    ...['-M', 'microvm,acpi=on,pcie=off,rtc=on,pic=off,pit=off'],
    ...['-accel', 'tcg,tb-size=64', '-cpu', 'max,-erms', '-m', String(memoryMib), '-smp', '1'],
    ...['-nodefaults', '-no-user-config', '-nographic', '-no-reboot'],
    ...['-kernel', vmlinux, '-initrd', initrd, '-append', kernelCommandLine()],
    ...['-serial', `file:${join(folder, 'console.log')}`],
    ...disks.flatMap(diskArguments),
    ...(options.network ? ['-netdev', 'user,id=n0', '-device', 'virtio-net-device,netdev=n0'] : []),
    ...['-device', 'virtio-serial-device'],
    ...['-chardev', `socket,id=c0,path=${join(folder, 'guest.sock')},server=on,wait=off`],
    ...['-device', 'virtserialport,chardev=c0,name=banger.0'],
  ];
}

/** Without the frequency of the clock the kernel tries to measure it, and hangs on a busy host. */
function kernelCommandLine(): string {
  const mhz = /cpu MHz\s*:\s*([\d.]+)/.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1];
  const khz = Math.round(Number(mhz) * 1000);
  return `console=ttyS0 reboot=t panic=1 quiet loglevel=3 cryptomgr.notests tsc_early_khz=${khz}`;
}

function diskArguments(disk: TestDisk, index: number): string[] {
  const mode = disk.readOnly ? ',readonly=on' : '';
  return [
    ...['-drive', `id=d${index},file=${disk.path},format=raw,if=none${mode}`],
    ...['-device', `virtio-blk-device,drive=d${index},serial=${disk.serial}`],
  ];
}

async function connectWhenThere(path: string, child: ChildProcess): Promise<Duplex> {
  while (child.exitCode === null) {
    const socket = connect(path);
    try {
      await once(socket, 'connect');
      return socket;
    } catch {
      socket.destroy();
      await sleep(5);
    }
  }
  throw new Error('QEMU ended before it listened');
}
