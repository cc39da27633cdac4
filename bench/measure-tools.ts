import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { readPeakMib } from './process-facts.ts';
import type { Sample } from './row.ts';

export type Tool = { file: string; args: readonly string[] };

const LOOK_MS = 5;

/** Runs tools one after the other: the time they take together, and the most memory that one of them had. */
export async function measureTools(tools: readonly Tool[]): Promise<Sample> {
  const startedAt = performance.now();
  let beside = 0;
  for (const tool of tools) beside = Math.max(beside, await runTool(tool));
  return { value: performance.now() - startedAt, beside };
}

async function runTool({ file, args }: Tool): Promise<number> {
  const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(child, 'close') as Promise<[number | null]>;
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  let peak = 0;
  while (child.exitCode === null && child.signalCode === null) {
    peak = Math.max(peak, readPeakMib(child.pid ?? 0) ?? 0);
    await Promise.race([sleep(LOOK_MS), ended]);
  }
  const [status] = await ended;
  if (status !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${status}: ${said}`);
  return peak;
}
