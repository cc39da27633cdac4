import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from '#kit/exec.ts';
import { cached, hashSources, LANGUAGE, listSources } from '../build.ts';
import { TEST_CACHE } from './test-cache.ts';

/*
 * The guest program as an ordinary process of this machine, built with the address and undefined
 * behaviour sanitizers. Run so it is the agent only: it refuses what would touch the machine.
 */
const SANITIZED = [
  '-g',
  '-O1',
  '-Werror',
  '-fsanitize=address,undefined',
  '-fno-sanitize-recover=all',
  '-fno-omit-frame-pointer',
];

/* Freed memory is kept back to catch later use, but little of it: tests watch how memory grows. */
const ASAN_OPTIONS = 'detect_leaks=0:quarantine_size_mb=2';

const GUEST_FOLDER = join(import.meta.dirname, '..');
const BUILD_TIMEOUT_MS = 300_000;

/** Compiles the guest's sources, with `main` (a path below guest/) instead of its own. */
export async function buildSanitized(main = 'src/main.c'): Promise<string> {
  const files = await listSources(GUEST_FOLDER);
  const units = files.filter((file) => file.startsWith('src/') && file.endsWith('.c'));
  const parts = units.filter((file) => file !== 'src/main.c');
  /* All parts in one object, made once for all the programs that are tested. */
  const object = await compile(files, 'parts.o', ['-r', ...parts]);
  return compile(files, main.replaceAll('/', '-'), [main, object]);
}

async function compile(
  files: readonly string[],
  name: string,
  units: readonly string[],
): Promise<string> {
  const flags = [...LANGUAGE, '-Isrc', ...SANITIZED];
  const key = await hashSources(GUEST_FOLDER, files, [...flags, ...units]);
  return cached(join(TEST_CACHE, `${key}-${name}`), async (target) => {
    await run('gcc', [...flags, '-o', target, ...units], {
      cwd: GUEST_FOLDER,
      signal: AbortSignal.timeout(BUILD_TIMEOUT_MS),
      timeoutMs: BUILD_TIMEOUT_MS,
    });
  });
}

export type NativeGuest = {
  readonly process: ChildProcess;
  readonly socketPath: string;
  /** A new connection; it replaces the one before, as a new host does. */
  connect(): Promise<Duplex>;
};

/** Starts the agent on a Unix socket of the test's own and ends it with the test. */
export async function startNativeGuest(t: TestContext): Promise<NativeGuest> {
  const program = await buildSanitized();
  const folder = mkdtempSync(join(tmpdir(), 'banger-guest-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const socketPath = join(folder, 'agent.sock');
  const child = spawn(program, ['--agent', `unix:${socketPath}`], {
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ASAN_OPTIONS },
  });
  t.after(() => killTree(child.pid ?? 0));
  await once(child, 'spawn');
  return { process: child, socketPath, connect: () => connectWhenThere(socketPath, child) };
}

/** The agent and what it started: its commands have sessions of their own. */
function killTree(pid: number): void {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  process.kill(pid, 'SIGKILL');
  for (const child of children.split(' ').filter((each) => each !== '')) killTree(Number(child));
}

async function connectWhenThere(path: string, child: ChildProcess): Promise<Duplex> {
  while (child.exitCode === null && child.signalCode === null) {
    const socket = connect(path);
    try {
      await once(socket, 'connect');
      return socket;
    } catch {
      socket.destroy();
      await sleep(5);
    }
  }
  throw new Error(`the agent ended (${child.exitCode ?? child.signalCode})`);
}
