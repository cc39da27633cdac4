import { relative } from 'node:path';
import type { EventData } from 'node:test';
import type { TestEvent } from 'node:test/reporters';
import { inspect } from 'node:util';

export type Totals = { passed: number; failed: number; skipped: number };

type Result = EventData.TestPass | EventData.TestFail;

/** Prints a line for each file that passed, failures whole, skips with their reason, and what tests write. */
export async function* report(
  events: AsyncIterable<TestEvent>,
  root: string,
  totals: Totals,
): AsyncGenerator<string, void> {
  const titles: string[] = [];
  const children: number[] = [];
  for await (const { type, data } of events) {
    if (type === 'test:start') titles.splice(data.nesting, titles.length, data.name);
    if (type === 'test:stdout' || type === 'test:stderr') yield data.message;
    if (type === 'test:diagnostic' && data.file !== undefined) yield `${data.message}\n`;
    if (type === 'test:summary' && data.file !== undefined && data.success) {
      yield `ok    ${relative(root, data.file)} (${(data.duration_ms / 1000).toFixed(1)} s)\n`;
    }
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    // Results come inside out: what had results one level deeper since its last one holds tests and is none.
    const isLeaf = (children[data.nesting + 1] ?? 0) === 0;
    children[data.nesting + 1] = 0;
    children[data.nesting] = (children[data.nesting] ?? 0) + 1;
    const place = placeOf(data, titles.slice(0, data.nesting), root);
    yield type === 'test:pass'
      ? countPass(data, { isLeaf, place }, totals)
      : countFail(data, { isLeaf, place }, totals);
  }
}

type About = { isLeaf: boolean; place: string };

function countPass(result: EventData.TestPass, { isLeaf, place }: About, totals: Totals): string {
  if (!isLeaf) return '';
  if (result.skip !== undefined) {
    totals.skipped += 1;
    return `skip  ${place}: ${result.skip === true ? 'no reason given' : result.skip}\n`;
  }
  if (result.name === result.file) {
    totals.failed += 1;
    return `FAIL  ${place}: the file holds no test\n`;
  }
  totals.passed += 1;
  return '';
}

function countFail(result: EventData.TestFail, { isLeaf, place }: About, totals: Totals): string {
  const { error } = result.details;
  // What only says that a test inside of it failed has been told already.
  if (!isLeaf && Reflect.get(error, 'failureType') === 'subtestsFailed') return '';
  totals.failed += 1;
  return `FAIL  ${place}\n${indent(inspect(error.cause ?? error, { depth: 5 }))}\n`;
}

function placeOf({ file = '', name }: Result, above: readonly string[], root: string): string {
  const shown = relative(root, file);
  return name === file ? shown : [shown, ...above, name].join(' › ');
}

function indent(text: string): string {
  return text.replaceAll(/^/gm, '      ');
}
