import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

/** Processor time of all threads of a process so far, in the scheduler's nanoseconds. */
export function readCpuMs(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.reduce((sum, thread) => {
    const [onCpuNs] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ');
    return sum + Number(onCpuNs) / 1e6;
  }, 0);
}

export type Memory = {
  /** Resident: what the process has in memory, shared pages counted in full. */
  rssMib: number;
  /** Proportional: a page shared by three processes counts a third for each. */
  pssMib: number;
};

export function readMemory(pid: number): Memory {
  const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  const mebibytes = (field: string) => {
    const kibibytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1];
    if (kibibytes === undefined) throw new Error(`/proc/${pid}/smaps_rollup has no ${field}`);
    return Number(kibibytes) / 1024;
  };
  return { rssMib: mebibytes('Rss'), pssMib: mebibytes('Pss') };
}

export type GuestMemory = {
  /** What the guest touched of the memory that it was given. */
  guestMib: number;
  /** PSS of all the rest of the process. */
  beyondMib: number;
};

/** Tells the memory of a guest from that of the QEMU around it. */
export function readGuestMemory(pid: number, memoryMib: number): GuestMemory {
  return splitGuestMemory(readFileSync(`/proc/${pid}/smaps`, 'utf8'), memoryMib);
}

/** In smaps each mapping is a line of addresses and lines of figures; the guest's memory is the one of its size. */
export function splitGuestMemory(smaps: string, memoryMib: number): GuestMemory {
  const sizes: { sizeMib: number; pssMib: number }[] = [];
  for (const [, field, kibibytes] of smaps.matchAll(/^(Size|Pss): +(\d+) kB$/gm)) {
    const mebibytes = Number(kibibytes) / 1024;
    if (field === 'Size') sizes.push({ sizeMib: mebibytes, pssMib: 0 });
    else Object.assign(sizes.at(-1) ?? {}, { pssMib: mebibytes });
  }
  const guest = sizes.filter(({ sizeMib }) => sizeMib === memoryMib);
  if (guest.length !== 1) throw new Error(`${guest.length} mappings have ${memoryMib} MiB, not 1`);
  const guestMib = guest[0]?.pssMib ?? 0;
  const all = sizes.reduce((sum, { pssMib }) => sum + pssMib, 0);
  return { guestMib, beyondMib: all - guestMib };
}

/** The most that was resident at once since the process began, or since `resetPeak`; undefined once it has ended. */
export function readPeakMib(pid: number): number | undefined {
  try {
    const kibibytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kibibytes === undefined ? undefined : Number(kibibytes) / 1024;
  } catch (error) {
    if (error instanceof Error && 'code' in error) return undefined;
    throw error;
  }
}

/** Begins to count the peak anew (proc(5), clear_refs). */
export function resetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5');
}
