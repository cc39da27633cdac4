import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs';

/**
 * A log file that never grows beyond twice its limit: when full it becomes `<path>.1` and a new one starts.
 * Writes are synchronous, so a line is on its way to the disk before the call it tells of goes on.
 */
export function openLogFile(path: string, limitBytes: number): (line: string) => void {
  let file = openSync(path, 'a', 0o640);
  let sizeBytes = fstatSync(file).size;
  return (line) => {
    if (sizeBytes > 0 && sizeBytes + line.length > limitBytes) {
      closeSync(file);
      renameSync(path, `${path}.1`);
      file = openSync(path, 'a', 0o640);
      sizeBytes = 0;
    }
    sizeBytes += writeSync(file, line);
  };
}
