import { createLog, type Log } from '../log.ts';

export type LogLine = { level: string; message: string } & Record<string, unknown>;

/** A log that keeps its lines, as a reader of the file would see them. */
export function recordedLog(): { log: Log; lines: LogLine[] } {
  const lines: LogLine[] = [];
  const write = (line: string) => void lines.push(JSON.parse(line));
  return { log: createLog({ level: 'debug', write, now: () => new Date(0) }), lines };
}
