import type { Call } from '#kit/call.ts';
import { BangerError } from '#kit/errors.ts';
import { formatSize } from '#kit/size.ts';
import type { Driver } from './driver.ts';
import type { Host, Vmd, VmdSettings } from './ports.ts';
import type { NetworkMode, VmSpec } from './vm.ts';

/** The part of a spec that a caller says something about. */
export type VmSettings = { [Key in keyof VmSpec]?: VmSpec[Key] | undefined };

const MIB = 2 ** 20;
const GIB = 2 ** 30;
const LIMITS = {
  vcpus: { min: 1, max: 64 },
  memoryMib: { min: 64, max: 2 ** 20 },
  diskSizeBytes: { min: 16 * MIB, max: 16 * 2 ** 40 },
  systemSizeBytes: { min: 64 * MIB, max: 4 * 2 ** 40 },
} as const;

/** Fills what the caller left open from the configuration and from the size of the host. */
export async function completeSpec(
  vmd: Vmd,
  call: Call,
  driver: Driver,
  settings: VmSettings,
): Promise<VmSpec> {
  const { settings: configured, host } = vmd;
  const spec: VmSpec = {
    vcpus: settings.vcpus ?? configured.vcpus ?? usualVcpus(host),
    memoryMib: settings.memoryMib ?? configured.memoryMib ?? usualMemoryMib(host),
    diskSizeBytes: settings.diskSizeBytes ?? configured.diskSizeBytes,
    systemSizeBytes: settings.systemSizeBytes ?? configured.systemSizeBytes,
    network: settings.network ?? (await usualNetwork(vmd, call, driver, configured)),
    nat: settings.nat ?? false,
    peers: settings.peers ?? false,
    autostart: settings.autostart ?? false,
    labels: settings.labels ?? {},
  };
  checkSpec(spec);
  await refuseNetwork(vmd, call, driver, spec.network);
  return spec;
}

/** Sizes that make no sense are refused with the bounds, never corrected. */
export function checkSpec(spec: VmSpec): void {
  for (const key of ['vcpus', 'memoryMib'] as const) {
    const { min, max } = LIMITS[key];
    const value = spec[key];
    if (Number.isInteger(value) && value >= min && value <= max) continue;
    const what = key === 'vcpus' ? 'virtual processors' : 'MiB of memory';
    throw invalidSize(key, `a vm has ${min} to ${max} ${what}, not ${value}`);
  }
  for (const key of ['diskSizeBytes', 'systemSizeBytes'] as const) {
    const { min, max } = LIMITS[key];
    const value = spec[key];
    if (Number.isInteger(value) && value >= min && value <= max) continue;
    const what = key === 'diskSizeBytes' ? 'work disk' : 'root disk';
    throw invalidSize(
      key,
      `the ${what} has ${formatSize(min)} to ${formatSize(max)}, not ${formatSize(value)}`,
    );
  }
}

/** A quarter of the processors, one at least: a second one is a loss where the host has only two. */
function usualVcpus(host: Host): number {
  return Math.min(4, Math.max(1, Math.floor(host.cpus() / 4)));
}

function usualMemoryMib(host: Host): number {
  const eighth = Math.floor(host.memoryBytes() / 8 / MIB);
  return Math.min(8 * 1024, Math.max(512, eighth));
}

async function usualNetwork(
  vmd: Vmd,
  call: Call,
  driver: Driver,
  configured: VmdSettings,
): Promise<NetworkMode> {
  if (configured.network !== 'auto') return configured.network;
  const why = await whyNoNetwork(vmd, call, driver, 'bridge');
  return why === undefined ? 'bridge' : 'user';
}

export async function refuseNetwork(
  vmd: Vmd,
  call: Call,
  driver: Driver,
  mode: NetworkMode,
): Promise<void> {
  const why = await whyNoNetwork(vmd, call, driver, mode);
  if (why === undefined) return;
  throw new BangerError('FEATURE_UNSUPPORTED', `network mode "${mode}" cannot be had: ${why}`, {
    metadata: { network: mode },
  });
}

/** Netd is asked first: it knows best what is missing, and how to get it. */
async function whyNoNetwork(
  vmd: Vmd,
  call: Call,
  driver: Driver,
  mode: NetworkMode,
): Promise<string | undefined> {
  const why = await vmd.network.refusal(call, mode);
  if (why !== undefined) return why;
  const offered = await driver.offersNetwork(call, mode);
  return offered ? undefined : `driver "${driver.name}" does not offer it here`;
}

/** A guest that cannot possibly fit is refused now, with the figures, and not by the kernel's OOM killer later. */
export function refuseOversize(host: Host, spec: VmSpec): void {
  const wanted = spec.memoryMib * MIB;
  const available = host.availableMemoryBytes();
  if (wanted > available) {
    throw new BangerError(
      'HOST_NOT_READY',
      `the vm wants ${formatSize(wanted)} of memory and the host has ${formatSize(available)} left; choose less with --memory, or stop another vm`,
      { metadata: { wanted: String(wanted), available: String(available) } },
    );
  }
}

/** What a VM may come to write at once; disks are sparse, so this is far below their sizes. */
const LEAST_FREE_BYTES = GIB / 4;

export async function refuseFullDisk(vmd: Vmd): Promise<void> {
  const free = await vmd.disks.freeBytes();
  if (free >= LEAST_FREE_BYTES) return;
  throw new BangerError(
    'DISK_FULL',
    `the disk for vms has ${formatSize(free)} left and a vm needs ${formatSize(LEAST_FREE_BYTES)}; free some, or delete vms with: banger vm prune`,
    { metadata: { free: String(free) } },
  );
}

function invalidSize(field: string, message: string): BangerError {
  return new BangerError('INVALID_SIZE', message, { metadata: { field } });
}
