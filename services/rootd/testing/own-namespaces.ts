import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const INSIDE = 'BANGER_TEST_NAMESPACES';

/**
 * Runs a test file a second time in network and mount namespaces of its own, where it may make bridges and
 * rules: what it does there is gone with it, and this machine's own network is never touched. Outside, the
 * file is one test that shows what the inner run said.
 */
export function inOwnNamespaces(url: string, define: () => void): void {
  if (process.env[INSIDE] === '1') {
    define();
    return;
  }
  const name = fileURLToPath(url).split('/').at(-1);
  const skip = reasonToSkip();
  test(`${name} in namespaces of its own`, { skip }, async () => {
    const inside: NodeJS.ProcessEnv = { ...process.env, [INSIDE]: '1' };
    // With this set, the inner run would speak the outer one's own protocol instead of text.
    delete inside.NODE_TEST_CONTEXT;
    const args = ['--net', '--mount', process.execPath, '--test-reporter=spec', fileURLToPath(url)];
    const child = spawn('unshare', args, { env: inside, stdio: ['ignore', 'pipe', 'inherit'] });
    const said: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => said.push(chunk));
    const [status] = await once(child, 'close');
    const report = Buffer.concat(said).toString();
    if (status !== 0) throw new Error(`the inner run failed:\n${report}`);
    if (process.env.BANGER_TEST_VERBOSE !== undefined) process.stdout.write(report);
  });
}

/** They take minutes and are still being settled on busy machines, so they run when they are asked for. */
function reasonToSkip(): string | false {
  if (process.env.BANGER_ROOT_SUITES !== '1')
    return 'a suite on the real kernel; set BANGER_ROOT_SUITES=1';
  return process.getuid?.() === 0 ? false : 'needs root, to make namespaces';
}
