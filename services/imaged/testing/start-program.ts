import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { TestContext } from 'node:test';
import { launch } from '#kit/exec.ts';

/** Starts a program that ends with the test at the latest, its output going to an open file. */
export async function startProgram(
  t: TestContext,
  outputFd: number,
  file: string,
  ...args: string[]
): Promise<ChildProcess> {
  const stdio = ['ignore', outputFd, outputFd] as const;
  const { NODE_COMPILE_CACHE } = process.env;
  const env = {
    // Some tools, gcc above all, find their parts by it.
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    // As local mode starts services.
    MALLOC_ARENA_MAX: '1',
    // Compiling its sources is half of what a start of imaged costs.
    ...(NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE }),
  };
  const child = await launch(file, args, { stdio, env, cwd: '/' });
  t.after(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  });
  return child;
}
