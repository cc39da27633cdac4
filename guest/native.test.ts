import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { run } from '#kit/exec.ts';
import { buildSanitized } from './testing/native-guest.ts';

const VECTORS = join(import.meta.dirname, 'test/protocol-vectors.txt');

test('the C side writes and reads frames as the shared vectors say', async () => {
  await runProgram('test/vectors.c', [VECTORS]);
});

test('parsing, confined paths, rings and the superblock do as they say', async (t) => {
  await runProgram('test/units.c', [temporaryFolder(t)]);
});

test('the frame parser stays sane whatever bytes come, and finds the next greeting', async (t) => {
  await runProgram('test/fuzz-frames.c', [newSeed(t), '400']);
});

test('the unpacker changes nothing outside of its folder whatever archive comes', async (t) => {
  await runProgram('test/fuzz-tar.c', [newSeed(t), '1500', temporaryFolder(t)]);
});

async function runProgram(main: string, args: readonly string[]): Promise<void> {
  const program = await buildSanitized(main);
  await run(program, args, { signal: AbortSignal.timeout(110_000), timeoutMs: 110_000 });
}

/** Printed, so that a failure can be had again. */
function newSeed(t: TestContext): string {
  const seed = String(Math.floor(Math.random() * 2 ** 32));
  t.diagnostic(`seed ${seed}`);
  return seed;
}

function temporaryFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'banger-guest-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
