import { existsSync, watch } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { untilAborted } from './abort.ts';

const ALL = Number.MAX_SAFE_INTEGER;

/**
 * Reads a log that openLogFile writes: its last lines (0 for all that is kept), and with `follow` what comes after,
 * also when it turns over.
 */
export async function* readLog(
  path: string,
  { tailLines, follow }: { tailLines: number; follow: boolean },
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void> {
  const kept = await readLogTail(path, ALL);
  let seen = existsSync(path) ? (await stat(path)).size : 0;
  yield Buffer.from(tailLines === 0 ? kept : lastLines(kept, tailLines), 'latin1');
  if (!follow) return;
  using changes = watchFolder(dirname(path));
  for (;;) {
    const size = existsSync(path) ? (await stat(path)).size : 0;
    // Smaller than what was seen: it turned over.
    if (size < seen) seen = 0;
    if (size > seen) yield Buffer.from(await readTail(path, size - seen), 'latin1');
    seen = size;
    await untilAborted(changes.next(), signal);
  }
}

function lastLines(text: string, count: number): string {
  const lines = text.split('\n');
  const end = lines.at(-1) === '' ? 1 : 0;
  return lines.slice(-(count + end)).join('\n');
}

function watchFolder(folder: string): { next(): Promise<void> } & Disposable {
  let change = Promise.withResolvers<void>();
  const watcher = watch(folder, () => {
    change.resolve();
    change = Promise.withResolvers();
  });
  return { next: () => change.promise, [Symbol.dispose]: () => watcher.close() };
}

/** The end of the log, reaching into the part before the last turn-over where the newer one is short. */
export async function readLogTail(logPath: string, bytes: number): Promise<string> {
  const newest = await readTail(logPath, bytes);
  if (newest.length >= bytes) return newest;
  return (await readTail(`${logPath}.1`, bytes - newest.length)) + newest;
}

async function readTail(path: string, bytes: number): Promise<string> {
  if (!existsSync(path)) return '';
  await using file = await open(path, 'r');
  const { size } = await file.stat();
  const start = Math.max(0, size - bytes);
  const buffer = Buffer.alloc(size - start);
  await file.read(buffer, 0, buffer.length, start);
  return buffer.toString('latin1');
}
