import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { programRoot } from '#kit/program.ts';
import { endOfChild } from './command-line.ts';
import { PYTHON } from './needs.ts';

/** A command on a terminal of its own. */
export type Terminal = {
  /** All that was shown so far. */
  shown(): string;
  type(keys: string): void;
  /** Makes the window 50 lines of 132 columns. */
  resize(): void;
  /** As a window is closed, whatever runs in it. */
  close(): void;
  /** The status of the command, when nothing has the terminal open any more. */
  ended: Promise<number>;
};

export type TerminalOptions = {
  env: Readonly<Record<string, string>>;
  rows?: number;
  columns?: number;
};

export function openTerminal(
  command: readonly string[],
  { env, rows = 24, columns = 80 }: TerminalOptions,
): Terminal {
  const script = join(programRoot(), 'test/integration/fixtures/terminal.py');
  const child = spawn(PYTHON, [script, String(rows), String(columns), ...command], { env });
  let shown = '';
  child.stdout.on('data', (data) => {
    shown += data;
  });
  return {
    shown: () => shown,
    type: (keys) => void child.stdin.write(keys),
    resize: () => void child.kill('SIGUSR1'),
    close: () => void child.stdin.end(),
    ended: endOfChild(child).then(({ code }) => code),
  };
}
