import type { Tree, Violation } from './tree.ts';

const PAGE = 'docs/errors.md';
const ROW = /^\|\s*`([A-Z_]+)`\s*\|(.*)\|\s*$/gm;

/** Holds the page to the table of kit/errors.ts: a row for each reason, and no row for anything else. */
export function checkErrorsPage(
  tree: Tree,
  reasons: Readonly<Record<string, string>>,
): Violation[] {
  if (!tree.has(PAGE)) return [`${PAGE}: is missing`];
  const rows = new Map(
    [...tree.read(PAGE).matchAll(ROW)].map(([, reason = '', rest = '']) => [
      reason,
      rest.split('|').map((cell) => cell.trim()),
    ]),
  );
  const missing = Object.keys(reasons).filter((reason) => !rows.has(reason));
  return [
    ...missing.map((reason) => `${PAGE}: has no row for ${reason}`),
    ...[...rows].flatMap(([reason, cells]) => judgeRow(reason, cells, reasons[reason])),
  ];
}

function judgeRow(
  reason: string,
  [status = '', meaning = '', action = '']: readonly string[],
  wanted: string | undefined,
): Violation[] {
  if (wanted === undefined) return [`${PAGE}: ${reason} is not a reason of kit/errors.ts`];
  if (status !== `\`${wanted}\``) return [`${PAGE}: ${reason} travels as ${wanted}, not ${status}`];
  if (meaning === '' || action === '')
    return [`${PAGE}: ${reason} lacks its meaning or what to do`];
  return [];
}
