import { styleText } from 'node:util';
import { HostCheckStatus } from '#proto/banger/v1/info.ts';
import type { Command } from '../command.ts';
import { type Check, gatherChecks, missingPackages } from '../host/checks.ts';
import { lowerName } from '../output/enum.ts';
import { EXIT } from '../output/error.ts';

export const doctor: Command = {
  description:
    'Asks every service what it needs of this host and what it found. PASS is fine; WARN is optional: all works, with something lost; FAIL is needed and must be mended. The command that mends it stands below.',
  examples: [
    { line: 'banger doctor', shows: 'a row for each check; status 1 when one fails' },
    { line: 'banger doctor --json', shows: 'for programs' },
  ],
  next: 'banger setup installs the packages that are missing',
  async run(context) {
    const { out } = context;
    const checks = await gatherChecks(context);
    const count = (wanted: HostCheckStatus) =>
      checks.filter(({ status }) => status === wanted).length;
    const failed = count(HostCheckStatus.FAIL);
    const toJson = (check: Check) => ({
      ...check,
      status: lowerName(check.status, 'HOST_CHECK_STATUS_'),
    });
    out.result(checks.map(toJson), () =>
      [
        ...checks.map((check) => formatCheck(check, out.color)),
        '',
        summarise(failed, count(HostCheckStatus.WARN), missingPackages(checks)),
      ].join('\n'),
    );
    return failed > 0 ? EXIT.failed : EXIT.ok;
  },
};

const LABELS = {
  [HostCheckStatus.PASS]: ['PASS', 'green'],
  [HostCheckStatus.WARN]: ['WARN', 'yellow'],
  [HostCheckStatus.FAIL]: ['FAIL', 'red'],
} as const;

function formatCheck({ service, name, status, detail, remedy }: Check, color: boolean): string {
  const [label, style] = Object.entries(LABELS).find(([known]) => known === status)?.[1] ?? [
    '????',
    'red',
  ];
  const shown = color ? styleText(style, label, { validateStream: false }) : label;
  const mend = remedy === '' ? '' : `\n      mend it with: ${remedy}`;
  return `${shown}  ${service.padEnd(6)}  ${name}: ${detail}${mend}`;
}

function summarise(failed: number, warned: number, packages: readonly string[]): string {
  const state =
    failed > 0
      ? `${failed} needed and missing, ${warned} optional`
      : warned > 0
        ? `this host is ready; ${warned} optional`
        : 'this host is ready';
  return packages.length === 0 ? state : `${state}; install what is missing with: banger setup`;
}
