import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

/** A folder of the test's own that goes with it. The path is short enough for sockets. */
export function temporaryFolder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'banger-'));
  // Hooks run in the order of their making, so a service in it may still be there and make its socket again.
  t.after(() => rmSync(path, { recursive: true, force: true, maxRetries: 5 }));
  return path;
}
