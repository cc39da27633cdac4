import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Client, createClient } from '#kit/client.ts';
import { openConnection } from '#kit/connection.ts';
import { localPaths, type Paths, socketPath } from '#kit/paths.ts';
import { formatServiceArguments, nodeFlags } from '#kit/service-arguments.ts';
import { ImageServiceDefinition } from '#proto/banger/v1/image.ts';
import { KernelServiceDefinition } from '#proto/banger/v1/kernel.ts';
import { OperationServiceDefinition } from '#proto/banger/v1/operation.ts';
import { startProgram } from './start-program.ts';

/** imaged as a process of its own, with folders of its own, that can be killed and started again. */
export type ImagedProcess = {
  readonly images: Client<typeof ImageServiceDefinition>;
  readonly kernels: Client<typeof KernelServiceDefinition>;
  readonly operations: Client<typeof OperationServiceDefinition>;
  readonly paths: Paths;
  start(): Promise<void>;
  kill(): Promise<void>;
  /** The most memory that the process has had so far. */
  peakMib(): Promise<number>;
  /** Names in a folder of its state. */
  list(folder: Folder): Promise<string[]>;
};

/** With its first answer, on a machine that does much else. */
const START_TIMEOUT_MS = 60_000;
const DEFAULT_PATH = '/usr/sbin:/usr/bin:/sbin:/bin';
const SOURCE = fileURLToPath(new URL('../main.ts', import.meta.url));

type Folder = 'images' | 'kernels' | 'staging';

export type ImagedOptions = {
  /** Its file, where that is not the source: a bundle has less to keep in memory. */
  readonly main?: string;
  /** Where it finds tools. */
  readonly path?: string;
  /** Text of the configuration file. */
  readonly config?: string;
  /** Sizes of file systems of their own that the folders lie on, such as "8m"; see `missingMountNamespace`. */
  readonly tmpfs?: { readonly state?: string; readonly cache?: string };
};

export async function startImaged(
  t: TestContext,
  { config = '', tmpfs = {}, main = SOURCE, path = DEFAULT_PATH }: ImagedOptions = {},
): Promise<ImagedProcess> {
  const folder = await mkdtemp(join(tmpdir(), 'banger-imaged-'));
  const paths = toPaths(folder);
  let child: ChildProcess | undefined;
  const end = async (...signals: readonly NodeJS.Signals[]) => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    for (const signal of signals) child.kill(signal);
    await ended;
  };
  t.after(async () => {
    // Not killed: it keeps what it compiled as it exits. The second signal waits for no call that a test left open.
    await end('SIGTERM', 'SIGINT');
    await rm(folder, { recursive: true });
  });
  for (const place of [paths.runtime, paths.state, paths.cache, dirname(paths.config)]) {
    await mkdir(place, { recursive: true, mode: 0o700 });
  }
  await writeFile(paths.config, config);
  const connection = openConnection({
    socket: socketPath(paths, 'imaged'),
    service: 'imaged',
    patienceMs: 20_000,
  });
  t.after(() => connection.close());
  const imaged = {
    images: createClient(ImageServiceDefinition, connection),
    kernels: createClient(KernelServiceDefinition, connection),
    operations: createClient(OperationServiceDefinition, connection),
    paths,
    async start() {
      await using output = await open(join(folder, 'output'), 'a');
      child = await startProgram(
        t,
        output.fd,
        '/usr/bin/env',
        `PATH=${path}`,
        ...commandOf(main, paths, tmpfs),
      );
      await imaged.images
        .listImages({}, { timeoutMs: START_TIMEOUT_MS })
        .catch(async (cause: unknown) => {
          throw new Error(await readFile(join(folder, 'output'), 'utf8'), { cause });
        });
    },
    kill: () => end('SIGKILL'),
    async peakMib() {
      const status = await readFile(`/proc/${child?.pid ?? 0}/status`, 'utf8');
      return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
    },
    /** Seen through the process, because it may have mounts of its own. */
    list: (name: Folder) =>
      readdir(join(`/proc/${child?.pid ?? 0}/root`, paths.state, 'imaged', name)),
  };
  await imaged.start();
  return imaged;
}

function commandOf(
  main: string,
  paths: Paths,
  tmpfs: NonNullable<ImagedOptions['tmpfs']>,
): [file: string, ...args: string[]] {
  const arguments_ = formatServiceArguments(paths, 0);
  const program = [process.execPath, ...nodeFlags('imaged'), main, ...arguments_];
  const [file = '', ...args] = program;
  const mounts = (['state', 'cache'] as const).flatMap((place) =>
    tmpfs[place] === undefined
      ? []
      : [`mount -t tmpfs -o size=${tmpfs[place]} none '${paths[place]}'`],
  );
  if (mounts.length === 0) return [file, ...args];
  const script = [...mounts, 'exec "$@"'].join(' && ');
  const inside = ['--user', '--map-root-user', '--mount', 'sh', '-c', script, 'sh'];
  return ['unshare', ...inside, ...program];
}

function toPaths(folder: string): Paths {
  return {
    ...localPaths({ HOME: folder, XDG_RUNTIME_DIR: join(folder, 'run') }, 1),
    state: join(folder, 'state'),
    cache: join(folder, 'cache'),
    config: join(folder, 'config/banger/config.toml'),
  };
}
