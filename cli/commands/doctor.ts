import { styleText } from 'node:util';
import { type HostCheck, HostCheckStatus } from '#proto/banger/v1/info.ts';
import type { Command } from '../command.ts';
import { lowerName } from '../output/enum.ts';
import { EXIT } from '../output/error.ts';
import { servicesOf } from './daemon/status.ts';

export const doctor: Command = {
  description:
    'Asks every service what it needs of this host and what it found. PASS is fine; WARN works, with something lost; FAIL must be mended, and the command that does it stands below.',
  examples: [
    { line: 'banger doctor', shows: 'a row for each check; status 1 when one fails' },
    { line: 'banger doctor --json', shows: 'for programs' },
  ],
  async run(context) {
    const { clients, out, signal } = context;
    const answers = await Promise.all(
      servicesOf(context).map(async (service) => {
        const { checks } = await clients.info(service).checkHost({}, { signal });
        return checks.map((check) => ({ service, ...check }));
      }),
    );
    const checks = withoutRepeats(answers.flat());
    const text = () => checks.map((check) => formatCheck(check, out.color)).join('\n');
    const toJson = (check: Row) => ({
      ...check,
      status: lowerName(check.status, 'HOST_CHECK_STATUS_'),
    });
    out.result(checks.map(toJson), text);
    return checks.some(({ status }) => status === HostCheckStatus.FAIL) ? EXIT.failed : EXIT.ok;
  },
};

type Row = HostCheck & { service: string };

/** netd passes on what rootd found, and root hears it from rootd as well. */
function withoutRepeats(rows: readonly Row[]): Row[] {
  const isSame = (a: Row, b: Row) => a.name === b.name && a.detail === b.detail;
  return rows.filter((row, at) => rows.findIndex((other) => isSame(other, row)) === at);
}

const LABELS = {
  [HostCheckStatus.PASS]: ['PASS', 'green'],
  [HostCheckStatus.WARN]: ['WARN', 'yellow'],
  [HostCheckStatus.FAIL]: ['FAIL', 'red'],
} as const;

function formatCheck({ service, name, status, detail, remedy }: Row, color: boolean): string {
  const [label, style] = Object.entries(LABELS).find(([known]) => known === status)?.[1] ?? [
    '????',
    'red',
  ];
  const shown = color ? styleText(style, label, { validateStream: false }) : label;
  const mend = remedy === '' ? '' : `\n      mend it with: ${remedy}`;
  return `${shown}  ${service.padEnd(6)}  ${name}: ${detail}${mend}`;
}
