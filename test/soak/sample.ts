import { readdirSync, readFileSync } from 'node:fs';

/** What a service takes up at one moment. */
export type Sample = {
  cycle: number;
  service: string;
  rssMib: number;
  pssMib: number;
  descriptors: number;
};

export function takeSample(cycle: number, service: string, pid: number): Sample {
  const memory = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const mebibytes = (field: string) =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(memory)?.[1]) / 1024;
  return {
    cycle,
    service,
    rssMib: mebibytes('Rss'),
    pssMib: mebibytes('Pss'),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
  };
}
