import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatWaterfall } from './waterfall.ts';

const SPANS = [
  { name: 'image', fromMs: 0, forMs: 500 },
  { name: 'boot', fromMs: 500, forMs: 1500 },
];

test('each stage has a bar from where it began to where it ended, in the width there is', () => {
  assert.equal(
    formatWaterfall(SPANS, { columns: 37 }),
    'image  #####                   500ms\nboot        ###############     1.5s\n',
  );
});

test('a terminal that says it has no columns, and stages without time, still make bars', () => {
  const lines = formatWaterfall([{ name: 'disks', fromMs: 0, forMs: 0 }], { columns: 0 });
  assert.match(lines, /^disks {2}# +0ms\n$/);
});
