import { readFileSync, writeFileSync } from 'node:fs';
import { openSuiteEnding } from '../integration/suite-ending.ts';
import { CELLS } from './cells.ts';
import { findOut } from './find-out.ts';
import { openHouse } from './house.ts';
import { formatRow, PAGE, type Row, withTable } from './page.ts';

// npm run crash-table: brings every fault about, as root, and writes what was seen into docs/operations.md.

const suite = openSuiteEnding();
try {
  const house = await openHouse(suite);
  const rows: Row[] = [];
  for (const cell of CELLS) {
    const row = { ...cell, ...(await findOut(house, cell)) };
    process.stdout.write(`${formatRow(row)}\n`);
    rows.push(row);
  }
  writeFileSync(PAGE, withTable(readFileSync(PAGE, 'utf8'), rows));
} finally {
  await suite.end();
}
