import { readConfig } from '#kit/config-file.ts';
import { duration, integer, oneOf, path, size, text } from '#kit/settings.ts';

const GIB = 2 ** 30;

/** The table [vmd] of the configuration file. */
export function readVmdConfig(file: string) {
  const table = readConfig(file, 'vmd', {
    image: text('debian-bookworm'),
    vcpus: integer(undefined, { min: 1, max: 64 }),
    memory: size(undefined),
    disk_size: size(8 * GIB),
    system_size: size(8 * GIB),
    network: oneOf(['auto', 'bridge', 'user', 'none'], 'auto'),
    stop_grace: duration(5000),
    boot_timeout: duration(30_000),
    idle_stop: duration(0),
    qemu: path('/usr/bin/qemu-system-x86_64'),
  });
  return {
    image: table.image,
    vcpus: table.vcpus,
    memoryMib: table.memory === undefined ? undefined : Math.floor(table.memory / 2 ** 20),
    diskSizeBytes: table.disk_size,
    systemSizeBytes: table.system_size,
    network: table.network,
    graceMs: table.stop_grace,
    bootTimeoutMs: table.boot_timeout,
    idleStopMs: table.idle_stop,
    qemu: table.qemu,
  };
}
