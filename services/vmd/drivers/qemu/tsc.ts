import { readFileSync } from 'node:fs';
import { BangerError } from '#kit/errors.ts';
import type { Accelerator } from '../../domain/vm.ts';

const BASE_FREQUENCY = '/sys/devices/system/cpu/cpu0/cpufreq/base_frequency';

/** What a machine must be told: KVM gives the guest a clock of its own, and 0 stands for that. */
export function tscKhzFor(accelerator: Accelerator): number {
  return accelerator === 'tcg' ? readTscKhz() : 0;
}

/**
 * The frequency of the host's time stamp counter. Where the processor's clock changes, the counter runs at
 * the base frequency; where it does not, at the clock that /proc/cpuinfo shows.
 */
function readTscKhz(): number {
  const khz = baseFrequencyKhz() ?? clockKhz();
  if (Number.isInteger(khz) && khz > 100_000) return khz;
  throw new BangerError(
    'HOST_NOT_READY',
    'the frequency of the time stamp counter is unknown on this processor',
  );
}

function baseFrequencyKhz(): number | undefined {
  try {
    return Number(readFileSync(BASE_FREQUENCY, 'utf8').trim());
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

function clockKhz(): number {
  const mhz = /^cpu MHz\s*:\s*([\d.]+)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1];
  return Math.round(Number(mhz) * 1000);
}
