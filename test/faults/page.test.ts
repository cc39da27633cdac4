import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { COMPONENTS, FAULTS } from './cell.ts';
import { ABSENT, CELLS } from './cells.ts';
import { absences, formatRow, PAGE, rowsOf, withTable } from './page.ts';

const page = readFileSync(PAGE, 'utf8');

test('whatever can befall a component is tried, or it is said why it cannot be', () => {
  const isTried = (component: string, fault: string) =>
    CELLS.some((cell) => cell.component === component && cell.fault === fault);
  for (const component of COMPONENTS) {
    for (const fault of FAULTS) {
      const reason = ABSENT[component]?.[fault];
      assert.notEqual(isTried(component, fault), reason !== undefined, `${component}, ${fault}`);
    }
  }
});

test('the page has the row of every cell in order, no other, and every reason', () => {
  const cells = CELLS.map(({ component, fault }) => `| ${component} | ${fault} |`);
  const rows = rowsOf(page).map((row) => row.split(' | ').slice(0, 2).join(' | '));
  assert.deepEqual(
    rows.map((row) => `${row} |`),
    cells,
  );
  for (const line of absences()) assert.ok(page.includes(`\n${line}\n`), line);
});

test('a table takes the place of the one before it, and nothing else changes', () => {
  const row = {
    component: 'vmd',
    fault: 'SIGKILL',
    session: 'a',
    next: 'b | c',
    guest: 'd',
    recovery: 'e',
  } as const;
  const written = withTable(page, [row]);
  assert.deepEqual(rowsOf(written), ['| vmd | SIGKILL | a | b \\| c | d | e |']);
  assert.deepEqual(rowsOf(written), [formatRow(row)]);
  assert.equal(withTable(written, [row]), written);
  const [head = ''] = page.split('<!--');
  assert.ok(written.startsWith(head));
});
