import type { Result } from './measure.ts';
import { COMPARISON_HEAD, formatComparisons, formatSection } from './report.ts';

const INTRODUCTION = `# Performance

Written by \`npm run bench\`. Each row measures a thing and what it is compared with in turn, round after round, on one
machine: trust the ratios, the absolute figures are that machine's. A figure is the median, and behind it stands
where the middle 80 % of the rounds lie. The ratio is the median of the rounds' ratios. Below the table, each row says
how and when it was measured, and why a goal is missed; that paragraph is written by people and stays.`;

/**
 * The page with the rows that ran now in place of their older figures. Rows that did not run stay as they are,
 * rows that no longer exist go, and all stand in the given order.
 */
export function updatePage(
  page: string,
  order: readonly string[],
  results: readonly { result: Result; conditions: string }[],
): string {
  const lines = new Map(order.map((name) => [name, findLines(page, name)]));
  const sections = new Map(order.map((name) => [name, findSection(page, name)]));
  for (const { result, conditions } of results) {
    lines.set(result.row.name, formatComparisons(result));
    const { name } = result.row;
    sections.set(name, formatSection(result, conditions, findSection(page, name)));
  }
  const table = [...COMPARISON_HEAD, ...[...lines.values()].flat()].join('\n');
  const measured = [...sections.values()].filter((section) => section !== undefined);
  return `${[INTRODUCTION, table, '## Rows', ...measured].join('\n\n')}\n`;
}

function findLines(page: string, name: string): string[] {
  return page.split('\n').filter((line) => line.startsWith(`| [${name}](#`));
}

function findSection(page: string, name: string): string | undefined {
  const sections = page.split(/^(?=### )/m);
  return sections.find((section) => section.startsWith(`### ${name}\n`))?.trimEnd();
}
