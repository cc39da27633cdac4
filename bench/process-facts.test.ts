import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitGuestMemory } from './process-facts.ts';

const smaps = (...mappings: [size: number, pss: number][]) =>
  mappings
    .map(
      ([size, pss]) =>
        `7f00-7f01 rw-p 0 00:00 0\nSize:  ${size} kB\nPss:   ${pss} kB\nPss_Dirty: 9 kB\n`,
    )
    .join('');

test("a guest's own pages are those of the one mapping of its size", () => {
  const split = splitGuestMemory(smaps([1024, 512], [262_144, 81_920], [2048, 1536]), 256);
  assert.deepEqual(split, { guestMib: 80, beyondMib: 2 });
});

test('a process in which the guest cannot be told from the rest is refused', () => {
  assert.throws(() => splitGuestMemory(smaps([1024, 512]), 256), /0 mappings have 256 MiB/);
  const twice = smaps([262_144, 1], [262_144, 1]);
  assert.throws(() => splitGuestMemory(twice, 256), /2 mappings have 256 MiB/);
});
