import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { makeTemporaryFolder } from '../../../testing/temporary-folder.ts';
import { createDisk } from '../disk.ts';
import type { DiskOptions } from '../disk-options.ts';
import { openImage } from '../image.ts';
import type { FileSystemFigures } from '../write-file-system.ts';
import { type Description, describePlan, describeTree } from './describe.ts';
import { describeMount, missingMounts, mount } from './mounted.ts';
import { DigestContents, type Plan, writeTree } from './trees.ts';

export const MIB = 1024 * 1024;

export const OPTIONS: DiskOptions = {
  size: { freeBytes: 16 * MIB },
  maximumSizeBytes: 2 ** 40,
  label: 'root',
  uuid: '1a048f15-92f0-495f-a0fa-24a116636697',
  createdAt: { seconds: 1_700_000_000, nanoseconds: 5 },
};

export const ALL: { entries: number; bytes: number } = { entries: 10_000_000, bytes: 2 ** 40 };

export async function makeDiskPath(t: TestContext): Promise<string> {
  return join(await makeTemporaryFolder(t), 'disk.ext4');
}

export type MadeDisk = { path: string; figures: FileSystemFigures };

/** Makes a disk from a plan, and has it checked. */
export async function makeDisk(
  t: TestContext,
  plan: Plan,
  options: Partial<DiskOptions> = {},
): Promise<MadeDisk> {
  const path = await makeDiskPath(t);
  await using disk = await createDisk(path, { ...OPTIONS, ...options });
  const figures = await disk.finish({ root: await writeTree(plan, disk.contents) });
  checkDisk(path);
  return { path, figures };
}

/** e2fsck finds nothing to say: status 0, and nothing but its headings. */
export function checkDisk(path: string): void {
  const { status, stdout, stderr } = spawnSync('e2fsck', ['-fn', path], { encoding: 'utf8' });
  const words = stdout
    .split('\n')
    .filter((line) => !/^(Pass \d|$)|^\S+: \d+\/\d+ files /.test(line));
  const warnings = stderr.split('\n').filter((line) => !/^(e2fsck \d|$)/.test(line));
  assert.deepEqual({ status, words, warnings }, { status: 0, words: [], warnings: [] });
}

/** The disk says what the plan said, to our reader and, where it can mount, to the kernel. */
export async function assertHolds(t: TestContext, path: string, plan: Plan): Promise<void> {
  await assertDescribed(t, path, await describePlan(plan));
}

export async function assertDescribed(
  t: TestContext,
  path: string,
  expected: Description,
): Promise<void> {
  assertSame(await describeImage(path), expected);
  const missing = await missingMounts();
  if (missing === false) assertSame(await describeMount(await mount(t, path)), expected);
  else t.diagnostic(`not compared through the kernel: ${missing}`);
}

async function describeImage(path: string): Promise<Description> {
  const contents = new DigestContents();
  await using image = await openImage(path);
  const tree = await image.findTree('/', contents, ALL);
  assert.ok(tree);
  return describeTree(tree, contents.digests);
}

/** Entry by entry: the difference of two large objects is slow to print and hard to read. */
function assertSame(actual: Description, expected: Description): void {
  for (const [path, entry] of Object.entries(expected)) assert.deepEqual(actual[path], entry, path);
  const unexpected = Object.keys(actual).filter((path) => !Object.hasOwn(expected, path));
  assert.deepEqual(unexpected, []);
}
