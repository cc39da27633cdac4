import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { openLogFile } from '#kit/log-file.ts';

const LOG_BYTES = 2 ** 20;
/** A guest that writes more is made to wait by its own serial port, instead of keeping this process busy. */
const BYTES_PER_SECOND = 512 * 1024;

/** Writes what the serial console says into a log of bounded size. Ends with the machine. */
export function recordConsole(socketPath: string, logPath: string): { close(): void } {
  const write = openLogFile(logPath, LOG_BYTES);
  const socket = connect(socketPath);
  let allowance = BYTES_PER_SECOND;
  socket.on('data', (chunk) => {
    write(chunk.toString('latin1'));
    allowance -= chunk.length;
    if (allowance > 0) return;
    socket.pause();
    void sleep(1000, undefined, { ref: false }).then(() => {
      allowance = BYTES_PER_SECOND;
      socket.resume();
    });
  });
  // A console that cannot be read is worth no VM; the log just ends.
  socket.on('error', () => socket.destroy());
  return { close: () => socket.destroy() };
}
