import { join } from 'node:path';
import { programRoot } from '#kit/program.ts';
import type { Cell, Component, Fault, Finding } from './cell.ts';
import { ABSENT } from './cells.ts';

export const PAGE = join(programRoot(), 'docs/operations.md');

const BEGIN = '<!-- crash table: made by npm run crash-table -->';
const END = '<!-- end of the crash table -->';

const HEAD = [
  '| what | fault | a command that runs in the guest | the next command | the guest | all is well |',
  '| --- | --- | --- | --- | --- | --- |',
];

export type Row = Finding & Pick<Cell, 'component' | 'fault'>;

/** The page with these rows in the place of those that it has. */
export function withTable(page: string, rows: readonly Row[]): string {
  const { before, after } = split(page);
  const lines = [...HEAD, ...rows.map(formatRow), '', ...absences(), ''];
  return `${before}\n${lines.join('\n')}${after}`;
}

/** The rows of the page, as text. */
export function rowsOf(page: string): string[] {
  const { between } = split(page);
  const lines = between.split('\n').filter((line) => line.startsWith('| '));
  // The formatter makes columns of equal width.
  return lines.slice(HEAD.length).map((line) => line.replaceAll(/ +\|/g, ' |'));
}

export function formatRow({ component, fault, session, next, guest, recovery }: Row): string {
  const texts = [component, fault, session, next, guest, recovery];
  return `| ${texts.map((text) => text.replaceAll('|', '\\|')).join(' | ')} |`;
}

export function absences(): string[] {
  return Object.entries(ABSENT).map(([component, faults]) => {
    const reasons = Map.groupBy(Object.entries(faults), ([, reason]) => reason);
    const told = [...reasons].map(
      ([reason, pairs]) => `${reason} (${pairs.map(([fault]) => fault).join(', ')})`,
    );
    return `- Not tried: ${component} ${told.join(', and ')}.`;
  });
}

export function findRow(page: string, component: Component, fault: Fault): string | undefined {
  return rowsOf(page).find((row) => row.startsWith(`| ${component} | ${fault} |`));
}

function split(page: string): { before: string; between: string; after: string } {
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`docs/operations.md lacks "${BEGIN}" and "${END}"`);
  const from = begin + BEGIN.length;
  return { before: page.slice(0, from), between: page.slice(from, end), after: page.slice(end) };
}
