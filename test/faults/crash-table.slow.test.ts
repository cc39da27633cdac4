import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { needsMountNamespace, needsVms } from '../integration/needs.ts';
import { openSuiteEnding } from '../integration/suite-ending.ts';
import { CELLS } from './cells.ts';
import { findOut } from './find-out.ts';
import { type House, openHouse } from './house.ts';
import { findRow, formatRow, PAGE } from './page.ts';

const page = readFileSync(PAGE, 'utf8');

void describe('the table of crashes in docs/operations.md', {
  skip: needsMountNamespace || needsVms,
}, () => {
  let house: House;
  const suite = openSuiteEnding();
  after(() => suite.end());
  before(async () => {
    house = await openHouse(suite);
  });

  for (const cell of CELLS) {
    test(`tells what is seen of ${cell.component}: ${cell.fault}`, async () => {
      const row = formatRow({ ...cell, ...(await findOut(house, cell)) });
      const told = findRow(page, cell.component, cell.fault);
      assert.equal(row, told, 'the page tells otherwise; write it anew with: npm run crash-table');
    });
  }
});
