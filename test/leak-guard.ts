import { after } from 'node:test';

/** What a process may take to close what its tests have closed. */
const PATIENCE_MS = 10_000;

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
