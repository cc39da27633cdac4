import type { Tree, Violation } from './tree.ts';

const PAGE = 'docs/regressions.md';
/** Number, what was seen, and a test by file and title, or a reason. */
const ROW = /^\|\s*(\d+)\s*\|[^|]+\|\s*(?:`([^`]+\.test\.ts)`\s*)?(.*?)\s*\|$/gm;
const FAULTS = 40;

/** Holds the page to its promise: a row for each fault, and every test that a row names is there. */
export function checkRegressionsPage(tree: Tree): Violation[] {
  if (!tree.has(PAGE)) return [`${PAGE}: is missing`];
  const rows = [...tree.read(PAGE).matchAll(ROW)];
  const numbers = rows.map(([, number]) => Number(number));
  const missing = Array.from({ length: FAULTS }, (_, index) => index + 1).filter(
    (number) => !numbers.includes(number),
  );
  return [
    ...missing.map((number) => `${PAGE}: has no row for fault ${number}`),
    ...rows.flatMap(([, number, file, text = '']) => judgeRow(tree, { number, file, text })),
  ];
}

type Row = { number: string | undefined; file: string | undefined; text: string };

function judgeRow(tree: Tree, { number, file, text }: Row): Violation[] {
  if (text === '') return [`${PAGE}: fault ${number} has neither a test nor a reason`];
  if (file === undefined) return [];
  if (!tree.has(file)) return [`${PAGE}: fault ${number}: there is no ${file}`];
  if (tree.read(file).replaceAll("\\'", "'").includes(text)) return [];
  return [`${PAGE}: fault ${number}: ${file} has no test "${text}"`];
}
