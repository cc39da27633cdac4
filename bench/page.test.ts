import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Result } from './measure.ts';
import { updatePage } from './page.ts';
import type { Row } from './row.ts';
import { rowOf } from './testing/row.ts';

type Measured = { result: Result; conditions: string };

const ORDER = ['first', 'second', 'second-b'];

function resultOf(name: string, median: number, parts: Partial<Row> = {}): Measured {
  const row = rowOf({ name, ...parts });
  const summary = { median: 10, p10: 9, p90: 11, beside: 8 };
  const comparisons = row.references.map((reference) => ({
    reference,
    summary,
    ratio: median / summary.median,
    difference: median - summary.median,
  }));
  const subject = { median, p10: median - 1, p90: median + 1, beside: median };
  return {
    result: { row, rounds: 3, subject, comparisons, remark: undefined, pictures: [] },
    conditions: 'Measured here',
  };
}

test('a row that ran is in the table with its verdict, and has a section', () => {
  const page = updatePage('', ORDER, [resultOf('first', 15), resultOf('second', 25)]);
  assert.match(page, /^\| \[first\].* 15\.0 ms \(14\.0–16\.0\) .* 1\.50 × \| ≤ 2 × \| yes \|$/m);
  assert.match(page, /^\| \[second\].* 2\.50 × \| ≤ 2 × \| \*\*no\*\* \|$/m);
  assert.match(page, /^### first\n\nA note\.\n\nMeasured here; 3 rounds after 0 to warm up\.$/m);
});

test('a row that did not run stays as it was', () => {
  const before = updatePage('', ORDER, [resultOf('first', 15), resultOf('second', 25)]);
  const after = updatePage(before, ORDER, [resultOf('second', 12)]);
  assert.match(after, /^\| \[first\].* 1\.50 × /m);
  assert.match(after, /^\| \[second\].* 1\.20 × /m);
  assert.doesNotMatch(after, /2\.50 ×/);
  assert.equal(updatePage(after, ORDER, []), after);
});

test('rows stand in their order whatever order they ran in', () => {
  const page = updatePage(updatePage('', ORDER, [resultOf('second-b', 2)]), ORDER, [
    resultOf('second', 1),
    resultOf('first', 3),
  ]);
  const names = [...page.matchAll(/^### (.*)$/gm)].map(([, name]) => name);
  assert.deepEqual(names, ORDER);
});

test('a row that no longer exists leaves the page', () => {
  const before = updatePage('', ORDER, [resultOf('first', 1), resultOf('second', 2)]);
  assert.doesNotMatch(updatePage(before, ['second'], []), /first/);
});

test('why a goal is missed is a paragraph for people, and stays until the goal is reached', () => {
  const missed = updatePage('', ORDER, [resultOf('first', 25)]);
  assert.match(missed, /^\*\*Why a goal is missed:\*\* not explained yet\.$/m);
  const explained = missed.replace('not explained yet.', 'the moon.');
  assert.match(updatePage(explained, ORDER, [resultOf('first', 26)]), /missed:\*\* the moon\.$/m);
  const reached = updatePage(explained, ORDER, [resultOf('first', 15)]);
  assert.doesNotMatch(reached, /\*\*Why a goal/);
});

test('a goal may be a difference in the unit of the figure', () => {
  const references = [{ name: 'another', atMostMore: 5 }];
  const page = updatePage('', ORDER, [
    resultOf('first', 15, { references }),
    resultOf('second', 16, { references }),
    resultOf('second-b', 9, { references }),
  ]);
  assert.match(page, /^\| \[first\].* \| \+ 5\.00 ms \| ≤ \+ 5 ms \| yes \|$/m);
  assert.match(page, /^\| \[second\].* \| \+ 6\.00 ms \| ≤ \+ 5 ms \| \*\*no\*\* \|$/m);
  assert.match(page, /^\| \[second-b\].* \| − 1\.00 ms \| ≤ \+ 5 ms \| yes \|$/m);
});

test('pictures of a row are shown in its section', () => {
  const measured = resultOf('first', 15);
  const pictures = [{ name: 'time', title: 'Where it goes', svg: '<svg/>' }];
  const result = { ...measured.result, pictures };
  const page = updatePage('', ORDER, [{ ...measured, result }]);
  assert.match(page, /^!\[Where it goes\]\(pictures\/time\.svg\)$/m);
});
