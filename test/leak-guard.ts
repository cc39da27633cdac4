import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { findLeaks, namedThings } from './leaks.ts';

/** What a process may take to close what its tests have closed, and what was killed may take to be gone. */
const PATIENCE_MS = 10_000;
const LOOK_MS = 50;

// Loaded before each test file. A test that leaves a socket or a timer open would keep its process, and with it the
// whole run, for ever; with this it is a failure that says what is open.
after(() => {
  setTimeout(() => {
    process.stderr.write(`the tests have ended and this is still open: ${stillOpen()}\n`);
    process.exit(1);
  }, PATIENCE_MS).unref();
});

function stillOpen(): string {
  return process
    .getActiveResourcesInfo()
    .filter((name) => name !== 'TTYWrap')
    .join(', ');
}

if (process.env.BANGER_TEST_LEAKS === '1') guardMachine();

/** Gives the file a temporary folder of its own, and fails the file when anything of that is left. */
function guardMachine(): void {
  // A short name: the sockets below it have a limit for theirs.
  const folder = mkdtempSync(join(tmpdir(), 'b-'));
  // As /tmp is: services of several accounts share it.
  chmodSync(folder, 0o1777);
  process.env.TMPDIR = folder;
  const before = namedThings();
  after(async () => {
    try {
      assert.deepEqual(
        await leaksThatStay(folder, before),
        [],
        `${process.argv[1]} left something behind`,
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
}

async function leaksThatStay(folder: string, before: ReadonlySet<string>): Promise<string[]> {
  const deadline = performance.now() + PATIENCE_MS / 2;
  for (;;) {
    const leaks = findLeaks(folder, before);
    if (leaks.length === 0 || performance.now() > deadline) return leaks;
    await sleep(LOOK_MS);
  }
}
