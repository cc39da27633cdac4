import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';

/**
 * A log file that never grows beyond twice its limit: when full it becomes `<path>.1` and a new one starts.
 * Writes are synchronous, so a line is on its way to the disk before the call it tells of goes on. A full disk
 * costs lines, not calls; the next line that finds room is told how many.
 */
export function openLogFile(path: string, limitBytes: number): (line: string) => void {
  let file = openSync(path, 'a', 0o640);
  let sizeBytes = fstatSync(file).size;
  let lostLines = 0;

  const append = (line: string) => {
    if (sizeBytes > 0 && sizeBytes + line.length > limitBytes) {
      // The new file first: when there is no room for it, nothing has changed.
      const next = openSync(`${path}.new`, 'w', 0o640);
      renameSync(path, `${path}.1`);
      renameSync(`${path}.new`, path);
      closeSync(file);
      file = next;
      sizeBytes = 0;
    }
    sizeBytes += writeSync(file, line);
  };

  return (line) => {
    try {
      append(lostLines === 0 ? line : `${lossOf(lostLines)}${line}`);
      lostLines = 0;
    } catch (error) {
      if (!isFull(error)) throw error;
      lostLines += 1;
    }
  };
}

function lossOf(lines: number): string {
  const time = new Date().toISOString();
  return `${JSON.stringify({ time, level: 'warn', message: 'log lines lost: the disk was full', lines })}\n`;
}

function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^(ENOSPC|EDQUOT)$/.test(String(error.code));
}
