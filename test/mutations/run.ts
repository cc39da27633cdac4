import { execFile, execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { programRoot } from '#kit/program.ts';
import { MUTATIONS, type Mutation } from './mutations.ts';

// npm run mutations [NAME ...]
// Puts each bug into a copy of the tree, and says whether the test that is to catch it does. Fails when one does not.

const execute = promisify(execFile);
/** A bug may make a test hang, which catches it too. */
const TIMEOUT_MS = 60_000;
const SLOW_TIMEOUT_MS = 300_000;
const ENOUGH_BYTES = 64 * 2 ** 20;

/** What git has, with the changes that are not committed yet. */
function copyTree(from: string, to: string): void {
  const words = ['ls-files', '-z', '--cached', '--others', '--exclude-standard'];
  const listed = execFileSync('git', words, { cwd: from, encoding: 'utf8' });
  const files = listed.split('\0').filter(Boolean);
  for (const file of files) cpSync(join(from, file), join(to, file));
  symlinkSync(join(from, 'node_modules'), join(to, 'node_modules'));
}

type Verdict = { passed: number; failed: number };

async function runTests(root: string, file: string): Promise<Verdict> {
  const timeoutMs = file.endsWith('.slow.test.ts') ? SLOW_TIMEOUT_MS : TIMEOUT_MS;
  const args = [
    '--test',
    '--test-force-exit',
    '--test-reporter=tap',
    `--test-timeout=${timeoutMs}`,
    file,
  ];
  const options = { cwd: root, maxBuffer: ENOUGH_BYTES };
  const output = await execute(process.execPath, args, options).then(
    ({ stdout }) => stdout,
    (error: { stdout: string }) => error.stdout,
  );
  const count = (word: string) => Number(new RegExp(`^# ${word} (\\d+)$`, 'm').exec(output)?.[1]);
  return { passed: count('pass'), failed: count('fail') + count('cancelled') };
}

/** A file of which no test passes may not have been loaded at all, which would prove nothing. */
function isCaught({ passed, failed }: Verdict): boolean {
  return failed > 0 && passed > 0;
}

async function tryOut(root: string, mutation: Mutation): Promise<boolean> {
  const { name, file, text, replacement, caughtBy } = mutation;
  const path = join(root, file);
  const clean = readFileSync(path, 'utf8');
  const before = await runTests(root, caughtBy);
  writeFileSync(
    path,
    clean.replace(text, () => replacement),
  );
  const after = await runTests(root, caughtBy);
  writeFileSync(path, clean);
  const works = before.failed === 0 && before.passed > 0;
  const verdict = isCaught(after) ? `caught by ${after.failed} tests` : 'NOT CAUGHT';
  const line = works ? verdict : `the tests fail without it (${before.failed})`;
  process.stdout.write(`${name}: ${line} (${caughtBy})\n`);
  return works && isCaught(after);
}

const folder = mkdtempSync(join(tmpdir(), 'banger-mutations-'));
try {
  const root = join(folder, 'tree');
  copyTree(programRoot(), root);
  const asked = process.argv.slice(2);
  const chosen = MUTATIONS.filter(({ name }) => asked.length === 0 || asked.includes(name));
  const results: boolean[] = [];
  for (const mutation of chosen) results.push(await tryOut(root, mutation));
  process.exitCode = results.every(Boolean) && results.length > 0 ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
