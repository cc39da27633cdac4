import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

/** Real programs as fixtures: what they write is what images are made of. */
export function runTool(
  file: string,
  args: readonly string[],
  input: string | Buffer = '',
): Buffer {
  const env = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };
  return execFileSync(file, args, { env, input, maxBuffer: 1024 ** 3, stdio: 'pipe' });
}

/** The reason to skip a test when a program is missing. */
export function missingTool(...files: string[]): string | false {
  const missing = files.find((file) => spawnSync(file, ['--version']).error !== undefined);
  return missing === undefined ? false : `${missing} is not installed`;
}

export async function makeFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'layers-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
