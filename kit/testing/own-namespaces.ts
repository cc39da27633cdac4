import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, mkdirSync, openSync, readlinkSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { before, type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { programRoot } from '../program.ts';

const tool = promisify(execFile);

const INSIDE = 'BANGER_TEST_NAMESPACES';
/** Network and mounts to change, and processes too: whatever is left of them ends with the first. */
const UNSHARE = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];

/**
 * Runs a test file a second time in namespaces of its own, where it may make bridges, rules and mounts: what it
 * does there is gone with it, and this machine's own network is never touched. Outside, the file is one test
 * that shows what the inner run said.
 */
export function inOwnNamespaces(url: string, define: () => void): void {
  if (process.env[INSIDE] === '1') {
    before(() => showCheckout(programRoot()));
    define();
    return;
  }
  const file = fileURLToPath(url);
  const title = `${file.split('/').at(-1)} in namespaces of its own`;
  test(title, { skip: reasonToSkip() }, (t) => runInside(t, file));
}

async function runInside(t: TestContext, file: string): Promise<void> {
  const env: NodeJS.ProcessEnv = { ...process.env, [INSIDE]: '1' };
  // With this set, the inner run would speak the outer one's own protocol instead of text.
  delete env.NODE_TEST_CONTEXT;
  // Ends with this process too, however that ends.
  const args = ['--pdeathsig', 'KILL', 'unshare', ...UNSHARE, process.execPath];
  const child = spawn('setpriv', [...args, '--test-reporter=spec', file], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => void child.kill('SIGKILL'));
  const said: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => said.push(chunk));
  const [status] = await once(child, 'close');
  const report = Buffer.concat(said).toString();
  if (status !== 0) throw new Error(`the inner run failed:\n${report}`);
  if (process.env.BANGER_TEST_VERBOSE !== undefined) process.stdout.write(report);
}

/** Where this is absent, so is what the tests are about. */
function reasonToSkip(): string | false {
  if (process.getuid?.() !== 0) return 'needs root, to make namespaces';
  const isMissing = (tool: string) => spawnSync(tool, ['-V']).error !== undefined;
  const missing = ['setpriv', 'unshare', 'ip', 'nft'].filter(isMissing);
  if (missing.length > 0) return `needs ${missing.join(', ')}`;
  const { status } = spawnSync('unshare', [...UNSHARE, 'true']);
  return status === 0 ? false : 'needs the right to make namespaces';
}

/**
 * A number that no other run on this machine has at the same time, for what namespaces do not separate, such as
 * control groups; numbers of processes are the namespace's own.
 */
export function ownNumber(): number {
  return Number(readlinkSync('/proc/self/ns/mnt').replaceAll(/\D/g, ''));
}

/** Only inside: a /run of its own, where `ip netns` keeps its names, and a loopback. */
export async function prepareNamespaces(): Promise<void> {
  await tool('mount', ['-t', 'tmpfs', 'tmpfs', '/run']);
  await tool('ip', ['link', 'set', 'lo', 'up']);
}

/**
 * A checkout may lie where only root can look, and programs under other accounts are started from it all the same:
 * here the folder that is closed has nothing in it but the way to the checkout.
 */
async function showCheckout(root: string): Promise<void> {
  const closed = ancestorsOf(root).find((folder) => (statSync(folder).mode & 0o001) === 0);
  if (closed === undefined) return;
  const checkout = openSync(root, constants.O_RDONLY | constants.O_DIRECTORY);
  await tool('mount', ['-t', 'tmpfs', '-o', 'mode=755', 'tmpfs', closed]);
  mkdirSync(root, { recursive: true });
  // As it is: read as a link, it would lead to the folder that has just been made.
  const held = `/proc/${process.pid}/fd/${checkout}`;
  await tool('mount', ['--no-canonicalize', '--bind', held, root]);
  closeSync(checkout);
}

/** From the root down. */
function ancestorsOf(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [] : [...ancestorsOf(parent), parent];
}
