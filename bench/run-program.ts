import { spawnSync } from 'node:child_process';
import koffi from 'koffi';
import type { Measure } from './row.ts';

export type Run = {
  file: string;
  args: readonly string[];
  env: Readonly<Record<string, string>>;
  /** What it must print, on either stream: a program that fails fast is not a fast program. */
  prints: RegExp;
  timeoutMs?: number;
};

const TIMEOUT_MS = 30_000;

/** Measures a program from its start to its end: wall time, and beside it the processor time it took. */
export function measureRuns(run: Run): Measure {
  const { file, args, env, prints, timeoutMs = TIMEOUT_MS } = run;
  const readCpuMs = childCpuReader();
  return async () => {
    const cpuBefore = readCpuMs();
    const startedAt = performance.now();
    // Pipes, because that is what a program that uses this one's output has.
    const { status, error, stdout, stderr } = spawnSync(file, args, {
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      encoding: 'utf8',
      timeout: timeoutMs,
    });
    const value = performance.now() - startedAt;
    const said = `${stdout}${stderr}`;
    if (status !== 0 || !prints.test(said)) {
      throw new Error(`${[file, ...args].join(' ')} ended with ${status}: ${said}`, {
        cause: error,
      });
    }
    return { value, beside: readCpuMs() - cpuBefore };
  };
}

const RUSAGE_CHILDREN = -1;
/** struct rusage is 18 longs; the first four are user and system time, in seconds and microseconds each. */
const RUSAGE_LONGS = 18;

/** Processor time of all children that have ended, to the microsecond; /proc counts in hundredths of a second. */
function childCpuReader(): () => number {
  const getrusage = koffi.load('libc.so.6').func('int getrusage(int who, _Out_ int64_t *usage)');
  return () => {
    const usage = new BigInt64Array(RUSAGE_LONGS);
    getrusage(RUSAGE_CHILDREN, usage);
    const [userS, userUs, systemS, systemUs] = [...usage].map(Number);
    return ((userS ?? 0) + (systemS ?? 0)) * 1e3 + ((userUs ?? 0) + (systemUs ?? 0)) / 1e3;
  };
}
