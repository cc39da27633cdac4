import { closeSync, existsSync, openSync, readFileSync, readSync, watch } from 'node:fs';
import { untilAborted } from '#kit/abort.ts';
import { BangerError } from '#kit/errors.ts';
import { logPath, SERVICES, type ServiceName } from '#kit/paths.ts';
import type { Command } from '../../command.ts';
import type { Context } from '../../context.ts';
import { argumentText, optionText } from '../../input.ts';
import { UsageError } from '../../output/error.ts';
import { formatLogLine } from '../../output/log-line.ts';

export const logs: Command = {
  description:
    'The log lines of one service, or of all of them in the order of time. Each call has an id that is the same in every service it went through.',
  arguments: [
    { spelling: '[service]', description: 'vmd, imaged, netd or rootd', completes: 'service' },
  ],
  options: [
    { spelling: '-n, --lines <count>', description: 'only the last lines (default: 50)' },
    { spelling: '-f, --follow', description: 'go on with new lines until Ctrl-C' },
  ],
  examples: [
    { line: 'banger daemon logs', shows: 'the last lines of all services' },
    { line: 'banger daemon logs vmd -f', shows: 'follow one' },
    { line: 'banger daemon logs --json | jq .', shows: 'lines as they were written' },
  ],
  async run(context, input) {
    const { paths, out } = context;
    if (paths.mode === 'installed') {
      throw new BangerError(
        'OPERATION_REFUSED',
        'systemd keeps these logs; read them with: journalctl -u "banger-*"',
      );
    }
    const services = servicesFor(argumentText(input, 0));
    const files = services.map((service) => logPath(paths, service)).filter(existsSync);
    const lines = files
      .flatMap((file) => readFileSync(file, 'utf8').split('\n'))
      .filter((line) => line !== '');
    const print = (line: string) =>
      void out.stdout.write(`${out.json ? line : formatLogLine(line, out.color)}\n`);
    // Every line begins with its time, written alike, so their order is the order of time.
    for (const line of lines.sort().slice(-lineCount(optionText(input, 'lines')))) print(line);
    if (input.options.follow === true)
      await Promise.all(files.map((file) => follow(file, print, context)));
    return 0;
  },
};

function servicesFor(named: string | undefined): readonly ServiceName[] {
  if (named === undefined) return SERVICES;
  const found = SERVICES.find((service) => service === named);
  if (found !== undefined) return [found];
  throw new UsageError(
    `there is no service "${named}"; there are ${SERVICES.join(', ')}`,
    'banger daemon logs',
  );
}

function lineCount(given: string | undefined): number {
  if (given === undefined) return 50;
  const count = Number(given);
  if (Number.isInteger(count) && count > 0) return count;
  throw new UsageError(
    `--lines takes a whole number above 0, not "${given}"`,
    'banger daemon logs',
  );
}

/** Prints what is appended, also after the service began a new file under the same name. */
async function follow(
  file: string,
  print: (line: string) => void,
  { signal }: Context,
): Promise<void> {
  let seen = readFileSync(file).length;
  const watcher = watch(file, { persistent: true }, () => {
    const text = readFrom(file, seen);
    seen += Buffer.byteLength(text);
    for (const line of text.split('\n')) if (line !== '') print(line);
  });
  const ended = Promise.withResolvers<void>();
  try {
    await untilAborted(ended.promise, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    watcher.close();
  }
}

function readFrom(file: string, offset: number): string {
  const handle = openSync(file, 'r');
  try {
    const buffer = Buffer.alloc(64 * 1024);
    const length = readSync(handle, buffer, 0, buffer.length, offset);
    const text = buffer.toString('utf8', 0, length);
    // A line that is still being written is left for the next time.
    return text.slice(0, text.lastIndexOf('\n') + 1);
  } finally {
    closeSync(handle);
  }
}
